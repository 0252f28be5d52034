-- users: what the sessions begun so far say of each user at the end of each day.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
numbered AS (
  SELECT
    s.user_id, s.session_date, s.session_id, s.started_at, s.platform, s.country, s.app_version, s.acquisition_source, s.campaign,
    ROW_NUMBER() OVER (PARTITION BY s.user_id ORDER BY s.session_date, s.started_at, s.session_id) AS number
  FROM mart.sessions AS s
)
SELECT
  d.date,
  n.user_id,
  MIN(n.session_date) AS first_seen_date,
  MAX(n.session_date) AS last_seen_date,
  COUNT(*) AS sessions_total,
  COUNT(CASE WHEN n.session_date = d.date THEN 1 END) AS sessions_1d,
  COUNT(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(n.session_date) < 7 THEN 1 END) AS sessions_7d,
  COUNT(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(n.session_date) < 28 THEN 1 END) AS sessions_28d,
  MAX(CASE WHEN n.number = 1 THEN n.session_id END) AS first_session_id,
  MAX(CASE WHEN n.number = 1 THEN n.started_at END) AS first_session_started_at,
  MAX(CASE WHEN n.number = 2 THEN n.started_at END) AS second_session_started_at,
  MAX(CASE WHEN n.number = 1 THEN n.platform END) AS first_platform,
  MAX(CASE WHEN n.number = 1 THEN n.country END) AS first_country,
  MAX(CASE WHEN n.number = 1 THEN n.app_version END) AS first_app_version,
  MAX(CASE WHEN n.number = 1 THEN n.acquisition_source END) AS first_acquisition_source,
  MAX(CASE WHEN n.number = 1 THEN n.campaign END) AS first_campaign
FROM days AS d
JOIN numbered AS n ON n.session_date <= d.date
GROUP BY d.date, n.user_id
