-- The rows of daily_retention, from sessions alone.
WITH days AS (SELECT DISTINCT date FROM daily_ledger),
members AS (
	SELECT user_id, session_date AS cohort_date, cut, segment
	FROM (
		SELECT user_id, session_date, 'total' AS cut, NULL AS segment FROM sessions WHERE is_first_session
		UNION ALL SELECT user_id, session_date, 'platform', platform FROM sessions WHERE is_first_session
		UNION ALL SELECT user_id, session_date, 'country', country FROM sessions WHERE is_first_session
		UNION ALL SELECT user_id, session_date, 'acquisition_source', acquisition_source FROM sessions WHERE is_first_session
	)
),
active AS (SELECT DISTINCT user_id, session_date AS date FROM sessions),
counted AS (
	SELECT
		d.date, m.cohort_date, (d.date - m.cohort_date)::BIGINT AS day_n, m.cut, m.segment,
		count(*) AS cohort_users,
		count(a.user_id) AS retained_users
	FROM days AS d
	JOIN members AS m ON d.date - m.cohort_date BETWEEN 0 AND 30 OR d.date - m.cohort_date IN (60, 90)
	LEFT JOIN active AS a ON a.user_id = m.user_id AND a.date = d.date
	GROUP BY ALL
)
SELECT *, retained_users / cohort_users AS retention_rate FROM counted
