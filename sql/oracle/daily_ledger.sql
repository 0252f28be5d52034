-- daily_ledger: the events in sessions, added up from what happened in each session on the day.
SELECT
  l.date,
  CAST(COALESCE(p.events, 0) AS INT64) AS events_in_sessions
FROM (SELECT DISTINCT d.date FROM mart.daily_ledger AS d) AS l
LEFT JOIN (
  SELECT s.date, SUM(s.event_count) AS events
  FROM mart.session_days AS s
  GROUP BY s.date
) AS p ON p.date = l.date
