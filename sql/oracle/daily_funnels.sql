-- daily_funnels: the funnels of the configuration that the oracles are tested with, each step the first moment after that of the step before.
WITH RECURSIVE steps AS (
  SELECT 'booking' AS funnel, 'session' AS funnel_window, 1 AS step_number, 'screen Home' AS step_name, 'screen' AS kind, 'Home' AS name
  UNION ALL SELECT 'booking', 'session', 2, 'trip_view or screen TripList', 'event', 'trip_view'
  UNION ALL SELECT 'booking', 'session', 2, 'trip_view or screen TripList', 'screen', 'TripList'
  UNION ALL SELECT 'booking', 'session', 3, 'booking_completed', 'event', 'booking_completed'
  UNION ALL SELECT 'week', '7d', 1, 'push_received', 'event', 'push_received'
  UNION ALL SELECT 'week', '7d', 2, 'search', 'event', 'search'
  UNION ALL SELECT 'week', '7d', 3, 'screen Map', 'screen', 'Map'
),
moments AS (
  -- In a step of the app the visit comes before the event.
  SELECT s.date, s.user_id, s.session_id, s.step_at, UNIX_DATE(s.date) * 10000000 + s.step_number * 2 AS place, 'screen' AS kind, s.screen AS name
  FROM mart.session_steps AS s
  WHERE s.is_visit
  UNION ALL
  SELECT s.date, s.user_id, s.session_id, s.step_at, UNIX_DATE(s.date) * 10000000 + s.step_number * 2 + 1, 'event', s.event_name
  FROM mart.session_steps AS s
),
found AS (
  SELECT DISTINCT p.funnel, p.step_number, m.date, m.user_id, m.session_id, m.step_at, m.place
  FROM moments AS m
  JOIN steps AS p ON p.kind = m.kind AND p.name = m.name
  LEFT JOIN mart.session_days AS d ON d.date = m.date AND d.session_id = m.session_id
  WHERE p.funnel_window = 'session' OR m.session_id IS NULL OR d.is_counted
),
session_1 AS (
  SELECT f.session_id, MIN(f.place) AS place_1
  FROM found AS f
  WHERE f.funnel = 'booking' AND f.step_number = 1
  GROUP BY f.session_id
),
session_2 AS (
  SELECT a.session_id, a.place_1, MIN(f.place) AS place_2
  FROM session_1 AS a
  LEFT JOIN found AS f ON f.funnel = 'booking' AND f.step_number = 2 AND f.session_id = a.session_id AND f.place > a.place_1
  GROUP BY a.session_id, a.place_1
),
session_3 AS (
  SELECT a.session_id, a.place_1, a.place_2, MIN(f.place) AS place_3
  FROM session_2 AS a
  LEFT JOIN found AS f ON f.funnel = 'booking' AND f.step_number = 3 AND f.session_id = a.session_id AND f.place > a.place_2
  GROUP BY a.session_id, a.place_1, a.place_2
),
session_attempts AS (
  SELECT 'booking' AS funnel, r.session_date AS date, r.user_id, r.session_id AS attempt, a.place_1, a.place_2, a.place_3
  FROM session_3 AS a
  JOIN mart.sessions AS r ON r.session_id = a.session_id
  WHERE r.is_counted
),
entries AS (
  SELECT f.user_id, f.date AS entered, MIN(f.place) AS place_1
  FROM found AS f
  WHERE f.funnel = 'week' AND f.step_number = 1
  GROUP BY f.user_id, f.date
),
chained AS (
  SELECT e.user_id, e.entered, e.place_1, MIN(n.entered) AS next_entered
  FROM entries AS e
  LEFT JOIN entries AS n ON n.user_id = e.user_id AND UNIX_DATE(n.entered) > UNIX_DATE(e.entered) + 7
  GROUP BY e.user_id, e.entered, e.place_1
),
opened AS (
  SELECT c.user_id, c.entered, c.place_1, c.next_entered
  FROM chained AS c
  JOIN (SELECT e.user_id, MIN(e.entered) AS entered FROM entries AS e GROUP BY e.user_id) AS f
    ON f.user_id = c.user_id AND f.entered = c.entered
  UNION ALL
  SELECT c.user_id, c.entered, c.place_1, c.next_entered
  FROM opened AS o
  JOIN chained AS c ON c.user_id = o.user_id AND c.entered = o.next_entered
),
week_2 AS (
  SELECT o.user_id, o.entered, o.place_1, MIN(f.place) AS place_2
  FROM opened AS o
  LEFT JOIN found AS f
    ON f.funnel = 'week' AND f.step_number = 2 AND f.user_id = o.user_id AND f.place > o.place_1
    AND UNIX_DATE(f.date) <= UNIX_DATE(o.entered) + 7
  GROUP BY o.user_id, o.entered, o.place_1
),
week_3 AS (
  SELECT o.user_id, o.entered, o.place_1, o.place_2, MIN(f.place) AS place_3
  FROM week_2 AS o
  LEFT JOIN found AS f
    ON f.funnel = 'week' AND f.step_number = 3 AND f.user_id = o.user_id AND f.place > o.place_2
    AND UNIX_DATE(f.date) <= UNIX_DATE(o.entered) + 7
  GROUP BY o.user_id, o.entered, o.place_1, o.place_2
),
attempts AS (
  SELECT a.funnel, a.date, a.user_id, a.attempt, a.place_1, a.place_2, a.place_3
  FROM session_attempts AS a
  UNION ALL
  SELECT 'week', DATE_ADD(w.entered, INTERVAL 7 DAY), w.user_id, CAST(w.entered AS STRING), w.place_1, w.place_2, w.place_3
  FROM week_3 AS w
),
came AS (
  SELECT a.funnel, a.date, a.user_id, a.attempt, p.step_number, a.place_1,
    CASE p.step_number WHEN 1 THEN a.place_1 WHEN 2 THEN a.place_2 ELSE a.place_3 END AS place
  FROM attempts AS a
  JOIN (SELECT DISTINCT s.funnel, s.step_number FROM steps AS s) AS p ON p.funnel = a.funnel
),
timed AS (
  SELECT
    c.funnel, c.date, c.user_id, c.attempt, c.step_number,
    UNIX_MICROS(MAX(t.step_at)) - UNIX_MICROS(MAX(f.step_at)) AS micros
  FROM came AS c
  JOIN found AS t ON t.funnel = c.funnel AND t.step_number = c.step_number AND t.user_id = c.user_id AND t.place = c.place
  JOIN found AS f ON f.funnel = c.funnel AND f.step_number = 1 AND f.user_id = c.user_id AND f.place = c.place_1
  GROUP BY c.funnel, c.date, c.user_id, c.attempt, c.step_number
),
ranked AS (
  SELECT
    t.funnel, t.date, m.cut, m.segment, t.user_id, t.step_number, t.micros,
    ROW_NUMBER() OVER (PARTITION BY t.funnel, t.date, m.cut, m.segment, t.step_number ORDER BY t.micros) AS place,
    COUNT(*) OVER (PARTITION BY t.funnel, t.date, m.cut, m.segment, t.step_number) AS reached
  FROM timed AS t
  JOIN mart.members AS m ON m.date = t.date AND m.user_id = t.user_id
),
counted AS (
  SELECT
    r.funnel, r.date, r.cut, r.segment, r.step_number,
    COUNT(*) AS reached,
    COUNT(DISTINCT r.user_id) AS users,
    MAX(CASE WHEN r.place = DIV(r.reached * 50 + 99, 100) THEN r.micros END) AS median_micros
  FROM ranked AS r
  GROUP BY r.funnel, r.date, r.cut, r.segment, r.step_number
),
grid AS (
  SELECT DISTINCT m.date, m.cut, m.segment, s.funnel, s.funnel_window, s.step_number, s.step_name
  FROM mart.members AS m
  CROSS JOIN steps AS s
),
filled AS (
  SELECT
    g.date, g.cut, g.segment, g.funnel, g.funnel_window, g.step_number, g.step_name,
    COALESCE(c.reached, 0) AS reached, COALESCE(c.users, 0) AS users, c.median_micros
  FROM grid AS g
  LEFT JOIN counted AS c
    ON c.date = g.date AND c.cut = g.cut AND COALESCE(c.segment, '') = COALESCE(g.segment, '')
    AND c.funnel = g.funnel AND c.step_number = g.step_number
)
SELECT
  f.date,
  f.cut,
  f.segment,
  f.funnel,
  f.funnel_window,
  CAST(f.step_number AS INT64) AS step_number,
  f.step_name,
  f.reached,
  f.users,
  SAFE_DIVIDE(f.reached, LAG(f.reached) OVER (PARTITION BY f.date, f.cut, f.segment, f.funnel ORDER BY f.step_number)) AS conversion_from_previous,
  SAFE_DIVIDE(f.reached, FIRST_VALUE(f.reached) OVER (PARTITION BY f.date, f.cut, f.segment, f.funnel ORDER BY f.step_number)) AS conversion_from_first,
  SAFE_DIVIDE(f.median_micros, 1000000) AS from_first_p50_seconds
FROM filled AS f
