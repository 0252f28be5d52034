-- daily_sessions: the sessions of a day, counted one by one.
WITH counted AS (
  SELECT s.session_date AS date, m.cut, m.segment, CAST(NULL AS STRING) AS platform, CAST(NULL AS STRING) AS country,
    CAST(NULL AS STRING) AS app_version, s.user_id, s.is_first_session, s.is_engaged, s.is_bounce, s.crash_count,
    s.duration_seconds, s.engaged_seconds, s.event_count, s.screen_views
  FROM mart.sessions AS s
  JOIN mart.members AS m ON m.date = s.session_date AND m.user_id = s.user_id
  WHERE s.is_counted
  UNION ALL
  SELECT s.session_date, 'platform_country_version', CAST(NULL AS STRING), s.platform, s.country,
    s.app_version, s.user_id, s.is_first_session, s.is_engaged, s.is_bounce, s.crash_count,
    s.duration_seconds, s.engaged_seconds, s.event_count, s.screen_views
  FROM mart.sessions AS s
  WHERE s.is_counted
),
ranked AS (
  SELECT
    c.*,
    ROW_NUMBER() OVER (PARTITION BY c.date, c.cut, c.segment, c.platform, c.country, c.app_version ORDER BY c.duration_seconds) AS place,
    COUNT(*) OVER (PARTITION BY c.date, c.cut, c.segment, c.platform, c.country, c.app_version) AS n
  FROM counted AS c
),
summed AS (
  SELECT
    r.date, r.cut, r.segment, r.platform, r.country, r.app_version,
    COUNT(*) AS sessions,
    COUNT(DISTINCT r.user_id) AS users,
    SUM(CASE WHEN r.is_first_session THEN 1 ELSE 0 END) AS new_users,
    SUM(CASE WHEN r.is_engaged THEN 1 ELSE 0 END) AS engaged_sessions,
    SUM(CASE WHEN r.is_bounce THEN 1 ELSE 0 END) AS bounced_sessions,
    SUM(CASE WHEN r.crash_count > 0 THEN 1 ELSE 0 END) AS crashed_sessions,
    SUM(CASE WHEN r.duration_seconds = 0 THEN 1 ELSE 0 END) AS zero_length_sessions,
    AVG(r.duration_seconds) AS duration_mean_seconds,
    MAX(CASE WHEN r.place = DIV(r.n * 10 + 99, 100) THEN r.duration_seconds END) AS duration_p10_seconds,
    MAX(CASE WHEN r.place = DIV(r.n * 25 + 99, 100) THEN r.duration_seconds END) AS duration_p25_seconds,
    MAX(CASE WHEN r.place = DIV(r.n * 50 + 99, 100) THEN r.duration_seconds END) AS duration_p50_seconds,
    MAX(CASE WHEN r.place = DIV(r.n * 75 + 99, 100) THEN r.duration_seconds END) AS duration_p75_seconds,
    MAX(CASE WHEN r.place = DIV(r.n * 90 + 99, 100) THEN r.duration_seconds END) AS duration_p90_seconds,
    MAX(CASE WHEN r.place = DIV(r.n * 95 + 99, 100) THEN r.duration_seconds END) AS duration_p95_seconds,
    SUM(r.engaged_seconds) AS engaged_seconds,
    SUM(r.event_count) AS events,
    SUM(r.screen_views) AS screen_views
  FROM ranked AS r
  GROUP BY r.date, r.cut, r.segment, r.platform, r.country, r.app_version
),
-- A segment with users is there also when none of them began a session.
part AS (
  SELECT DISTINCT m.date, m.cut, m.segment, CAST(NULL AS STRING) AS platform, CAST(NULL AS STRING) AS country, CAST(NULL AS STRING) AS app_version
  FROM mart.members AS m
  UNION ALL
  SELECT s.date, s.cut, s.segment, s.platform, s.country, s.app_version
  FROM summed AS s
  WHERE s.cut = 'platform_country_version'
)
SELECT
  p.date, p.cut, p.segment, p.platform, p.country, p.app_version,
  CAST(COALESCE(s.sessions, 0) AS INT64) AS sessions,
  CAST(COALESCE(s.users, 0) AS INT64) AS users,
  CAST(COALESCE(s.new_users, 0) AS INT64) AS new_users,
  CAST(COALESCE(s.engaged_sessions, 0) AS INT64) AS engaged_sessions,
  CAST(COALESCE(s.bounced_sessions, 0) AS INT64) AS bounced_sessions,
  CAST(COALESCE(s.crashed_sessions, 0) AS INT64) AS crashed_sessions,
  CAST(COALESCE(s.zero_length_sessions, 0) AS INT64) AS zero_length_sessions,
  s.duration_mean_seconds, s.duration_p10_seconds, s.duration_p25_seconds, s.duration_p50_seconds,
  s.duration_p75_seconds, s.duration_p90_seconds, s.duration_p95_seconds,
  COALESCE(s.engaged_seconds, 0) AS engaged_seconds,
  CAST(COALESCE(s.events, 0) AS INT64) AS events,
  CAST(COALESCE(s.screen_views, 0) AS INT64) AS screen_views,
  SAFE_DIVIDE(s.events, s.sessions) AS events_per_session,
  SAFE_DIVIDE(s.screen_views, s.sessions) AS screens_per_session
FROM part AS p
LEFT JOIN summed AS s
  ON s.date = p.date AND s.cut = p.cut AND COALESCE(s.segment, '') = COALESCE(p.segment, '')
  AND COALESCE(s.platform, '') = COALESCE(p.platform, '')
  AND COALESCE(s.country, '') = COALESCE(p.country, '')
  AND COALESCE(s.app_version, '') = COALESCE(p.app_version, '')
