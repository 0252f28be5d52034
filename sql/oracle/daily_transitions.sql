-- daily_transitions: which screen comes after which, from the visits of each session one after the other.
WITH counted AS (
  SELECT d.date, d.session_id
  FROM mart.session_days AS d
  WHERE d.is_counted AND d.started_at IS NOT NULL
),
followed AS (
  SELECT
    s.date,
    s.session_id,
    s.user_id,
    s.screen AS from_screen,
    LEAD(s.screen) OVER (PARTITION BY s.session_id ORDER BY s.date, s.step_number) AS to_screen
  FROM mart.session_steps AS s
  WHERE s.is_visit
),
visits AS (
  SELECT
    f.date,
    f.session_id,
    f.user_id,
    f.from_screen,
    f.to_screen,
    CASE WHEN f.to_screen IS NOT NULL OR r.is_final THEN 0 ELSE 1 END AS unknown
  FROM followed AS f
  JOIN counted AS c ON c.date = f.date AND c.session_id = f.session_id
  JOIN mart.sessions AS r ON r.session_id = f.session_id
),
of_cut AS (
  SELECT v.date, m.cut, m.segment, v.session_id, v.user_id, v.from_screen, v.to_screen, v.unknown
  FROM visits AS v
  JOIN mart.members AS m ON m.date = v.date AND m.user_id = v.user_id
),
froms AS (
  SELECT o.date, o.cut, o.segment, o.from_screen, COUNT(*) AS visits, SUM(o.unknown) AS unknown
  FROM of_cut AS o
  GROUP BY o.date, o.cut, o.segment, o.from_screen
)
SELECT
  o.date,
  o.cut,
  o.segment,
  o.from_screen,
  o.to_screen,
  COUNT(*) AS transitions,
  COUNT(DISTINCT o.user_id) AS users,
  COUNT(DISTINCT o.session_id) AS sessions,
  CASE WHEN MAX(f.unknown) = 0 THEN SAFE_DIVIDE(COUNT(*), MAX(f.visits)) END AS share
FROM of_cut AS o
JOIN froms AS f
  ON f.date = o.date AND f.cut = o.cut AND COALESCE(f.segment, '') = COALESCE(o.segment, '') AND f.from_screen = o.from_screen
WHERE o.unknown = 0
GROUP BY o.date, o.cut, o.segment, o.from_screen, o.to_screen
