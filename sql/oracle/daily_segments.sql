-- daily_segments: users sorted into segments by what their sessions say, and whether they came back the next day.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
active AS (
  SELECT DISTINCT s.user_id, s.session_date AS date FROM mart.sessions AS s
),
newcomers AS (
  SELECT s.user_id, s.session_date AS first_date, s.acquisition_source FROM mart.sessions AS s WHERE s.is_first_session
),
history AS (
  SELECT
    d.date,
    n.user_id,
    n.first_date,
    n.acquisition_source,
    COALESCE(MAX(CASE WHEN a.date = d.date THEN 1 END), 0) AS today,
    COALESCE(MAX(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(a.date) = 1 THEN 1 END), 0) AS yesterday,
    COALESCE(MAX(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(a.date) BETWEEN 1 AND 28 THEN 1 END), 0) AS lately,
    COALESCE(SUM(CASE WHEN UNIX_DATE(d.date) - UNIX_DATE(a.date) BETWEEN 0 AND 27 THEN 1 END), 0) AS active_days,
    COALESCE(MAX(CASE WHEN UNIX_DATE(a.date) - UNIX_DATE(d.date) = 1 THEN 1 END), 0) AS tomorrow
  FROM days AS d
  JOIN newcomers AS n ON n.first_date <= d.date
  LEFT JOIN active AS a ON a.user_id = n.user_id
  GROUP BY d.date, n.user_id, n.first_date, n.acquisition_source
),
-- The latest value known of an attribute is that of the latest session that has one.
attribute AS (
  SELECT s.user_id, s.session_date, s.started_at, s.session_id, 'platform' AS name, s.platform AS value FROM mart.sessions AS s
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
  SELECT h.date, h.user_id, h.tomorrow, 'acquisition_source', h.acquisition_source FROM history AS h WHERE h.today = 1
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
