-- The rows of daily_sessions, from sessions alone.
WITH days AS (SELECT DISTINCT date FROM daily_ledger),
cuts AS (
	SELECT session_date AS date, 'total' AS cut, NULL AS platform, NULL AS country, NULL AS app_version, COLUMNS(* EXCLUDE (session_date, platform, country, app_version))
	FROM sessions
	UNION ALL
	SELECT session_date, 'platform_country_version', platform, country, app_version, COLUMNS(* EXCLUDE (session_date, platform, country, app_version))
	FROM sessions
),
counted AS (
	SELECT
		date, cut, platform, country, app_version,
		count(*) AS sessions,
		count(DISTINCT user_id) AS users,
		count(*) FILTER (is_first_session) AS new_users,
		count(*) FILTER (is_engaged) AS engaged_sessions,
		count(*) FILTER (is_bounce) AS bounced_sessions,
		count(*) FILTER (crash_count > 0) AS crashed_sessions,
		count(*) FILTER (ended_at = started_at) AS zero_length_sessions,
		list_sort(list(duration_seconds)) AS durations,
		avg(duration_seconds) AS duration_mean_seconds,
		sum(engaged_seconds) AS engaged_seconds,
		sum(event_count)::BIGINT AS events,
		sum(screen_views)::BIGINT AS screen_views
	FROM cuts
	GROUP BY ALL
)
SELECT
	date, cut, platform, country, app_version, sessions, users, new_users, engaged_sessions, bounced_sessions,
	crashed_sessions, zero_length_sessions, duration_mean_seconds,
	durations[(sessions * 10 + 99) // 100] AS duration_p10_seconds,
	durations[(sessions * 25 + 99) // 100] AS duration_p25_seconds,
	durations[(sessions * 50 + 99) // 100] AS duration_p50_seconds,
	durations[(sessions * 75 + 99) // 100] AS duration_p75_seconds,
	durations[(sessions * 90 + 99) // 100] AS duration_p90_seconds,
	durations[(sessions * 95 + 99) // 100] AS duration_p95_seconds,
	engaged_seconds, events, screen_views,
	events / sessions AS events_per_session,
	screen_views / sessions AS screens_per_session
FROM counted JOIN days USING (date)
