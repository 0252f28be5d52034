-- daily_screens: screens of the app, counted from the steps of sessions: each visit lasts until the next of its session.
WITH session_ends AS (
  SELECT d.session_id, MAX(d.ended_at) AS ended_at
  FROM mart.session_days AS d
  GROUP BY d.session_id
),
counted AS (
  SELECT d.date, d.session_id, d.user_id
  FROM mart.session_days AS d
  WHERE d.is_counted AND d.started_at IS NOT NULL
),
followed AS (
  SELECT
    s.date,
    s.session_id,
    s.user_id,
    s.screen,
    s.step_at,
    ROW_NUMBER() OVER (PARTITION BY s.session_id ORDER BY s.date, s.step_number) AS number,
    LEAD(s.step_at) OVER (PARTITION BY s.session_id ORDER BY s.date, s.step_number) AS next_at,
    LEAD(s.screen) OVER (PARTITION BY s.session_id ORDER BY s.date, s.step_number) AS next_screen
  FROM mart.session_steps AS s
  WHERE s.is_visit
),
visits AS (
  SELECT
    f.date,
    f.session_id,
    f.user_id,
    f.screen,
    f.number,
    f.next_screen IS NULL AND r.is_final AS is_exit,
    f.next_screen IS NOT NULL OR r.is_final AS is_known,
    UNIX_MICROS(COALESCE(f.next_at, e.ended_at)) - UNIX_MICROS(f.step_at) AS micros
  FROM followed AS f
  JOIN counted AS c ON c.date = f.date AND c.session_id = f.session_id
  JOIN session_ends AS e ON e.session_id = f.session_id
  JOIN mart.sessions AS r ON r.session_id = f.session_id
),
active AS (
  SELECT c.date, m.cut, m.segment, COUNT(DISTINCT c.user_id) AS active_users
  FROM counted AS c
  JOIN mart.members AS m ON m.date = c.date AND m.user_id = c.user_id
  GROUP BY c.date, m.cut, m.segment
),
views AS (
  SELECT s.date, m.cut, m.segment, s.screen, COUNT(*) AS views
  FROM mart.session_steps AS s
  JOIN counted AS c ON c.date = s.date AND c.session_id = s.session_id
  JOIN mart.members AS m ON m.date = s.date AND m.user_id = s.user_id
  WHERE s.is_view AND s.screen IS NOT NULL
  GROUP BY s.date, m.cut, m.segment, s.screen
),
ranked AS (
  SELECT
    v.date,
    m.cut,
    m.segment,
    v.screen,
    v.session_id,
    v.user_id,
    v.number,
    v.is_exit,
    v.is_known,
    v.micros,
    ROW_NUMBER() OVER (PARTITION BY v.date, m.cut, m.segment, v.screen ORDER BY v.micros) AS place,
    COUNT(*) OVER (PARTITION BY v.date, m.cut, m.segment, v.screen) AS visits
  FROM visits AS v
  JOIN mart.members AS m ON m.date = v.date AND m.user_id = v.user_id
),
visited AS (
  SELECT
    r.date,
    r.cut,
    r.segment,
    r.screen,
    COUNT(*) AS visits,
    COUNT(DISTINCT r.user_id) AS users,
    COUNT(DISTINCT r.session_id) AS sessions,
    SUM(CASE WHEN r.number = 1 THEN 1 ELSE 0 END) AS entries,
    SUM(CASE WHEN r.is_exit THEN 1 ELSE 0 END) AS exits,
    SUM(CASE WHEN r.is_known THEN 0 ELSE 1 END) AS unknown,
    SUM(r.micros) AS micros,
    MAX(CASE WHEN r.place = DIV(r.visits * 50 + 99, 100) THEN r.micros END) AS median_micros,
    SUM(r.number) AS numbers
  FROM ranked AS r
  GROUP BY r.date, r.cut, r.segment, r.screen
),
seen AS (
  SELECT v.date, v.cut, v.segment, v.screen FROM visited AS v
  UNION DISTINCT
  SELECT w.date, w.cut, w.segment, w.screen FROM views AS w
)
SELECT
  s.date,
  s.cut,
  s.segment,
  s.screen,
  COALESCE(w.views, 0) AS views,
  COALESCE(v.visits, 0) AS visits,
  COALESCE(v.users, 0) AS users,
  COALESCE(v.sessions, 0) AS sessions,
  a.active_users,
  SAFE_DIVIDE(COALESCE(v.users, 0), a.active_users) AS reach,
  CASE WHEN COALESCE(v.unknown, 0) = 0 THEN SAFE_DIVIDE(COALESCE(v.micros, 0), 1000000) END AS time_on_screen_seconds,
  CASE WHEN v.unknown = 0 THEN SAFE_DIVIDE(v.micros, v.visits * 1000000) END AS visit_mean_seconds,
  CASE WHEN v.unknown = 0 THEN SAFE_DIVIDE(v.median_micros, 1000000) END AS visit_p50_seconds,
  CAST(COALESCE(v.entries, 0) AS INT64) AS entries,
  CASE WHEN COALESCE(v.unknown, 0) = 0 THEN CAST(COALESCE(v.exits, 0) AS INT64) END AS exits,
  CASE WHEN v.unknown = 0 THEN SAFE_DIVIDE(v.exits, v.visits) END AS exit_rate,
  CASE WHEN v.unknown = 0 THEN SAFE_DIVIDE(v.exits, v.sessions) END AS drop_off_rate,
  SAFE_DIVIDE(v.numbers, v.visits) AS position_mean
FROM seen AS s
JOIN active AS a ON a.date = s.date AND a.cut = s.cut AND COALESCE(a.segment, '') = COALESCE(s.segment, '')
LEFT JOIN visited AS v
  ON v.date = s.date AND v.cut = s.cut AND COALESCE(v.segment, '') = COALESCE(s.segment, '') AND v.screen = s.screen
LEFT JOIN views AS w
  ON w.date = s.date AND w.cut = s.cut AND COALESCE(w.segment, '') = COALESCE(s.segment, '') AND w.screen = s.screen
