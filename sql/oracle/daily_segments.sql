-- The rows of daily_segments, from sessions alone.
WITH days AS (SELECT DISTINCT date FROM daily_ledger),
first_sessions AS (SELECT user_id, session_date AS first_date, acquisition_source FROM sessions WHERE is_first_session),
active AS (SELECT DISTINCT user_id, session_date FROM sessions),
users AS (
	SELECT
		d.date, f.user_id, f.first_date, f.acquisition_source,
		coalesce(bool_or(a.session_date = d.date), false) AS today,
		coalesce(bool_or(a.session_date = d.date - 1), false) AS yesterday,
		coalesce(bool_or(a.session_date BETWEEN d.date - 28 AND d.date - 1), false) AS lately,
		count(*) FILTER (a.session_date BETWEEN d.date - 27 AND d.date) AS active_days,
		coalesce(bool_or(a.session_date = d.date + 1), false) AS tomorrow
	FROM days AS d
	JOIN first_sessions AS f ON f.first_date <= d.date
	LEFT JOIN active AS a USING (user_id)
	GROUP BY ALL
),
latest AS (
	SELECT
		d.date, s.user_id,
		last(platform ORDER BY started_at, session_id) FILTER (platform IS NOT NULL) AS platform,
		last(country ORDER BY started_at, session_id) FILTER (country IS NOT NULL) AS country,
		last(app_version ORDER BY started_at, session_id) FILTER (app_version IS NOT NULL) AS app_version,
		last(language ORDER BY started_at, session_id) FILTER (language IS NOT NULL) AS language
	FROM days AS d JOIN sessions AS s ON s.session_date <= d.date
	GROUP BY ALL
),
members AS (
	SELECT date, user_id, tomorrow, 'lifecycle' AS segmentation,
		CASE WHEN NOT today THEN 'dormant' WHEN first_date = date THEN 'new' WHEN lately THEN 'returning' ELSE 'resurrected' END AS segment
	FROM users
	UNION ALL
	SELECT date, user_id, tomorrow, 'lifecycle_day',
		CASE WHEN NOT today THEN 'dormant' WHEN first_date = date THEN 'new' WHEN yesterday THEN 'returning' ELSE 'resurrected' END
	FROM users
	UNION ALL
	SELECT date, user_id, tomorrow, 'activity_tier',
		CASE WHEN active_days >= 14 THEN 'power' WHEN active_days >= 4 THEN 'core' ELSE 'casual' END
	FROM users WHERE active_days > 0
	UNION ALL SELECT date, user_id, tomorrow, 'acquisition_source', acquisition_source FROM users WHERE today
	UNION ALL SELECT date, user_id, tomorrow, 'platform', platform FROM users JOIN latest USING (date, user_id) WHERE today
	UNION ALL SELECT date, user_id, tomorrow, 'country', country FROM users JOIN latest USING (date, user_id) WHERE today
	UNION ALL SELECT date, user_id, tomorrow, 'app_version', app_version FROM users JOIN latest USING (date, user_id) WHERE today
	UNION ALL SELECT date, user_id, tomorrow, 'language', language FROM users JOIN latest USING (date, user_id) WHERE today
),
counted AS (
	SELECT
		m.date, segmentation, segment,
		count(DISTINCT m.user_id) AS users,
		count(s.session_id) AS sessions,
		list_sort(list(duration_seconds) FILTER (s.session_id IS NOT NULL)) AS durations,
		count(DISTINCT m.user_id) FILTER (tomorrow) AS returned
	FROM members AS m LEFT JOIN sessions AS s ON s.user_id = m.user_id AND s.session_date = m.date
	GROUP BY ALL
)
SELECT
	date, segmentation, segment, users, sessions,
	durations[(sessions * 50 + 99) // 100] AS duration_p50_seconds,
	CASE WHEN tomorrow.date IS NOT NULL THEN returned END AS returned_next_day_users,
	CASE WHEN tomorrow.date IS NOT NULL THEN returned / users END AS return_next_day_rate
FROM counted LEFT JOIN (SELECT date - 1 AS date FROM days) AS tomorrow USING (date)
