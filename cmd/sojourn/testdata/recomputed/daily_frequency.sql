-- The rows of daily_frequency, from sessions alone.
WITH days AS (SELECT DISTINCT date FROM daily_ledger),
windows(window_days) AS (VALUES (1), (7), (28)),
users AS (
	SELECT d.date, w.window_days::BIGINT AS window_days, s.user_id, count(*) AS sessions, count(DISTINCT s.session_date) AS active_days
	FROM days AS d CROSS JOIN windows AS w
	JOIN sessions AS s ON s.session_date BETWEEN d.date - w.window_days + 1 AND d.date
	GROUP BY ALL
),
active AS (
	SELECT d.date, w.window_days::BIGINT AS window_days, count(user_id) AS users, coalesce(sum(sessions), 0)::BIGINT AS sessions
	FROM days AS d CROSS JOIN windows AS w LEFT JOIN users AS u ON u.date = d.date AND u.window_days = w.window_days
	GROUP BY ALL
),
edges(edge, next_edge) AS (
	VALUES (0, 1), (1, 3), (3, 6), (6, 12), (12, 24), (24, 48), (48, 72), (72, 168), (168, 336), (336, 672), (672, 100000)
),
intervals AS (
	SELECT session_date AS date, edge::BIGINT AS edge, user_id
	FROM sessions JOIN edges
		ON seconds_since_previous_session >= edge * 3600 AND seconds_since_previous_session < next_edge * 3600
),
totals AS (SELECT date, count(*) AS sessions FROM intervals GROUP BY date)
SELECT date, 'active_users' AS measure, window_days, NULL::BIGINT AS bucket, users, sessions, NULL::DOUBLE AS value FROM active
UNION ALL
SELECT date, 'stickiness', a.window_days, NULL, today.users, today.sessions, CASE WHEN a.users > 0 THEN today.users / a.users END
FROM active AS a JOIN active AS today USING (date)
WHERE today.window_days = 1 AND a.window_days > 1
UNION ALL
SELECT date, 'sessions', window_days, u.sessions, count(*), sum(u.sessions)::BIGINT, count(*) / any_value(a.users)
FROM users AS u JOIN active AS a USING (date, window_days)
GROUP BY date, window_days, u.sessions
UNION ALL
SELECT date, 'active_days', window_days, active_days, count(*), sum(u.sessions)::BIGINT, count(*) / any_value(a.users)
FROM users AS u JOIN active AS a USING (date, window_days)
WHERE window_days > 1
GROUP BY date, window_days, active_days
UNION ALL
SELECT date, 'hours_since_previous', NULL, edge, count(DISTINCT user_id), count(*), count(*) / any_value(totals.sessions)
FROM intervals JOIN totals USING (date)
GROUP BY date, edge
