-- daily_segments: users sorted into segments by what their sessions say, and whether they came back the next day.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
active AS (
  SELECT DISTINCT s.user_id, s.session_date AS date FROM mart.sessions AS s
),
newcomers AS (
  SELECT s.user_id, s.session_date AS first_date, s.acquisition_source, s.campaign FROM mart.sessions AS s WHERE s.is_first_session
),
history AS (
  SELECT
    d.date,
    n.user_id,
    n.first_date,
    n.acquisition_source,
    n.campaign,
    UNIX_DATE(d.date) - UNIX_DATE(MAX(CASE WHEN a.date < d.date THEN a.date END)) AS previous,
    COALESCE(MAX(CASE WHEN a.date = d.date THEN 1 END), 0) AS today,
    COALESCE(MAX(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(a.date) = 1 THEN 1 END), 0) AS yesterday,
    COALESCE(MAX(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(a.date) BETWEEN 1 AND 28 THEN 1 END), 0) AS lately,
    COALESCE(SUM(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(a.date) BETWEEN 0 AND 27 THEN 1 END), 0) AS active_days,
    COALESCE(MAX(CASE WHEN UNIX_DATE(a.date) - UNIX_DATE(d.date) = 1 THEN 1 END), 0) AS tomorrow
  FROM days AS d
  JOIN newcomers AS n ON n.first_date <= d.date
  LEFT JOIN active AS a ON a.user_id = n.user_id
  GROUP BY d.date, n.user_id, n.first_date, n.acquisition_source, n.campaign
),
-- The latest value known of an attribute is that of the latest session that has one.
attribute AS (
  SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'platform' AS name, s.platform AS value FROM mart.sessions AS s
  UNION ALL SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'os_version', s.os_version FROM mart.sessions AS s
  UNION ALL SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'device_model', s.device_model FROM mart.sessions AS s
  UNION ALL SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'device_class', s.device_class FROM mart.sessions AS s
  UNION ALL SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'country', s.country FROM mart.sessions AS s
  UNION ALL SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'app_version', s.app_version FROM mart.sessions AS s
  UNION ALL SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'language', s.language FROM mart.sessions AS s
),
latest AS (
  SELECT r.date, r.user_id, r.name, r.value
  FROM (
    SELECT
      h.date, h.user_id, t.name, t.value,
      ROW_NUMBER() OVER (PARTITION BY h.date, h.user_id, t.name ORDER BY CASE WHEN t.value IS NULL THEN 0 ELSE 1 END DESC, t.started_at DESC, t.session_id DESC) AS place
    FROM history AS h
    JOIN attribute AS t ON t.user_id = h.user_id AND t.session_date <= h.date
    WHERE h.today = 1
  ) AS r
  WHERE r.place = 1
),
-- Sessions as they were known at the end of the day: one that went on after midnight up to its last activity before.
so_far AS (
  SELECT
    p.user_id,
    p.date,
    CASE WHEN s.ended_at > p.ended_at THEN (UNIX_MICROS(p.ended_at) - UNIX_MICROS(p.started_at)) / 1000000 ELSE s.duration_seconds END AS duration_seconds
  FROM mart.session_days AS p
  JOIN mart.sessions AS s ON s.session_id = p.session_id AND s.session_date = p.date
  WHERE p.session_date = p.date AND p.is_counted
),
-- The exact median of the lengths of a user's sessions, of those that are known.
lengths AS (
  SELECT
    f.user_id, f.date, f.duration_seconds,
    ROW_NUMBER() OVER (PARTITION BY f.user_id, f.date ORDER BY f.duration_seconds) AS place,
    COUNT(*) OVER (PARTITION BY f.user_id, f.date) AS n
  FROM so_far AS f
  WHERE f.duration_seconds IS NOT NULL
),
medians AS (
  SELECT c.date, c.user_id, MAX(CASE WHEN l.place = DIV(l.n * 50 + 99, 100) THEN l.duration_seconds END) AS p50
  FROM (SELECT DISTINCT f.user_id, f.date FROM so_far AS f) AS c
  LEFT JOIN lengths AS l ON l.user_id = c.user_id AND l.date = c.date
  GROUP BY c.date, c.user_id
),
screens AS (
  SELECT
    p.date, p.user_id, p.screen,
    ROW_NUMBER() OVER (PARTITION BY p.date, p.user_id ORDER BY COUNT(*) DESC, p.screen) AS place
  FROM mart.session_steps AS p
  WHERE p.is_visit
  GROUP BY p.date, p.user_id, p.screen
),
member AS (
  SELECT
    h.date, h.user_id, h.tomorrow, 'lifecycle' AS segmentation,
    CASE WHEN h.today = 0 THEN 'dormant' WHEN h.first_date = h.date THEN 'new' WHEN h.lately = 1 THEN 'returning' ELSE 'resurrected' END AS segment
  FROM history AS h
  UNION ALL
  SELECT
    h.date, h.user_id, h.tomorrow, 'lifecycle_day',
    CASE WHEN h.today = 0 THEN 'dormant' WHEN h.first_date = h.date THEN 'new' WHEN h.yesterday = 1 THEN 'returning' ELSE 'resurrected' END
  FROM history AS h
  UNION ALL
  SELECT
    h.date, h.user_id, h.tomorrow, 'activity_tier',
    CASE WHEN h.active_days >= 14 THEN 'power' WHEN h.active_days >= 4 THEN 'core' ELSE 'casual' END
  FROM history AS h
  WHERE h.active_days > 0
  UNION ALL
  SELECT
    h.date, h.user_id, h.tomorrow, 'recency_frequency',
    CONCAT(
      CASE
        WHEN h.first_date = h.date THEN 'new'
        WHEN h.previous = 1 THEN 'r1'
        WHEN h.previous <= 7 THEN 'r2-7'
        WHEN h.previous <= 28 THEN 'r8-28'
        ELSE 'r29+'
      END,
      CASE WHEN h.active_days >= 14 THEN ' f14+' WHEN h.active_days >= 4 THEN ' f4-13' WHEN h.active_days >= 2 THEN ' f2-3' ELSE ' f1' END
    )
  FROM history AS h
  WHERE h.active_days > 0
  UNION ALL
  SELECT
    h.date, h.user_id, h.tomorrow, 'length_tier',
    CASE
      WHEN m.p50 = 0 THEN 'zero'
      WHEN m.p50 < 60 THEN 'under_1m'
      WHEN m.p50 < 300 THEN '1m_to_5m'
      WHEN m.p50 < 900 THEN '5m_to_15m'
      WHEN m.p50 IS NOT NULL THEN '15m_or_more'
    END
  FROM history AS h
  JOIN medians AS m ON m.date = h.date AND m.user_id = h.user_id
  UNION ALL
  SELECT h.date, h.user_id, h.tomorrow, 'top_screen', p.screen
  FROM history AS h
  JOIN screens AS p ON p.date = h.date AND p.user_id = h.user_id AND p.place = 1
  UNION ALL
  -- Of those that are declared in the configuration, network sorts active users.
  SELECT h.date, h.user_id, h.tomorrow, m.cut, m.segment
  FROM history AS h
  JOIN mart.members AS m ON m.date = h.date AND m.user_id = h.user_id AND (m.cut IN ('interest', 'stays') OR m.cut = 'network' AND h.today = 1)
  UNION ALL
  SELECT h.date, h.user_id, h.tomorrow, 'acquisition_source', h.acquisition_source FROM history AS h WHERE h.today = 1
  UNION ALL
  SELECT h.date, h.user_id, h.tomorrow, 'campaign', h.campaign FROM history AS h WHERE h.today = 1
  UNION ALL
  SELECT h.date, h.user_id, h.tomorrow, l.name, l.value
  FROM history AS h
  JOIN latest AS l ON l.date = h.date AND l.user_id = h.user_id
),
visit AS (
  SELECT
    m.date, m.segmentation, m.segment, s.duration_seconds,
    ROW_NUMBER() OVER (PARTITION BY m.date, m.segmentation, m.segment ORDER BY s.duration_seconds) AS place,
    COUNT(*) OVER (PARTITION BY m.date, m.segmentation, m.segment) AS n
  FROM member AS m
  JOIN mart.sessions AS s ON s.user_id = m.user_id AND s.session_date = m.date AND s.is_counted
),
visits AS (
  SELECT
    v.date, v.segmentation, v.segment,
    COUNT(*) AS sessions,
    MAX(CASE WHEN v.place = DIV(v.n * 50 + 99, 100) THEN v.duration_seconds END) AS p50
  FROM visit AS v
  GROUP BY v.date, v.segmentation, v.segment
),
size AS (
  SELECT m.date, m.segmentation, m.segment, COUNT(*) AS users, SUM(m.tomorrow) AS returned
  FROM member AS m
  GROUP BY m.date, m.segmentation, m.segment
)
SELECT
  z.date,
  z.segmentation,
  z.segment,
  z.users,
  CAST(COALESCE(v.sessions, 0) AS INT64) AS sessions,
  v.p50 AS duration_p50_seconds,
  CASE WHEN d.date IS NOT NULL THEN CAST(z.returned AS INT64) END AS returned_next_day_users,
  CASE WHEN d.date IS NOT NULL THEN SAFE_DIVIDE(z.returned, z.users) END AS return_next_day_rate
FROM size AS z
LEFT JOIN visits AS v ON v.date = z.date AND v.segmentation = z.segmentation AND COALESCE(v.segment, '') = COALESCE(z.segment, '')
LEFT JOIN days AS d ON UNIX_DATE(d.date) - UNIX_DATE(z.date) = 1
