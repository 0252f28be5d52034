-- daily_incentives: who was reached or held out and came back, looked up in sessions and steps; the interval by the book.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
declared AS (
  SELECT 'offer' AS incentive, 'search' AS event_name, 3 AS return_days
  UNION ALL SELECT 'nudge', 'push_received', 14
  UNION ALL SELECT 'nudge', 'booking_completed', 14
),
incentive AS (
  SELECT DISTINCT d.incentive, d.return_days FROM declared AS d
),
active AS (
  SELECT DISTINCT s.user_id, s.session_date AS date FROM mart.sessions AS s
),
reached AS (
  SELECT DISTINCT d.incentive, s.user_id, s.date
  FROM declared AS d
  JOIN mart.session_steps AS s ON s.event_name = d.event_name
),
newcomer AS (
  SELECT s.user_id, s.session_date AS date FROM mart.sessions AS s WHERE s.is_first_session
),
held_out AS (
  SELECT s.user_id, MIN(s.date) AS since FROM mart.session_steps AS s WHERE s.event_name = 'trip_view' GROUP BY s.user_id
),
present AS (
  SELECT i.incentive, i.return_days, a.user_id, a.date AS cohort_date FROM incentive AS i CROSS JOIN active AS a
  UNION DISTINCT
  SELECT i.incentive, i.return_days, r.user_id, r.date FROM incentive AS i JOIN reached AS r ON r.incentive = i.incentive
),
person AS (
  SELECT
    d.date, p.incentive, p.return_days, p.cohort_date, p.user_id,
    MAX(CASE WHEN r.user_id IS NOT NULL THEN 1 ELSE 0 END) AS reached,
    MAX(CASE WHEN a.user_id IS NOT NULL THEN 1 ELSE 0 END) AS is_new,
    MAX(CASE WHEN b.user_id IS NOT NULL THEN 1 ELSE 0 END) AS returned,
    MAX(CASE WHEN h.since <= p.cohort_date THEN 1 ELSE 0 END) AS held_out
  FROM present AS p
  JOIN days AS d ON UNIX_DATE(d.date) - UNIX_DATE(p.cohort_date) = p.return_days
  LEFT JOIN reached AS r ON r.incentive = p.incentive AND r.user_id = p.user_id AND r.date = p.cohort_date
  LEFT JOIN newcomer AS a ON a.user_id = p.user_id AND a.date = p.cohort_date
  LEFT JOIN active AS b ON b.user_id = p.user_id AND b.date > p.cohort_date AND b.date <= d.date
  LEFT JOIN held_out AS h ON h.user_id = p.user_id
  GROUP BY d.date, p.incentive, p.return_days, p.cohort_date, p.user_id
),
grouped AS (
  SELECT
    p.date, p.incentive, p.return_days, p.cohort_date, p.user_id, p.reached, p.returned, 'observed' AS pair,
    CASE WHEN p.reached = 1 THEN 'reached' ELSE 'not_reached' END AS user_group
  FROM person AS p
  UNION ALL
  SELECT
    p.date, p.incentive, p.return_days, p.cohort_date, p.user_id, p.reached, p.returned, 'held_out',
    CASE WHEN p.held_out = 1 THEN 'control' ELSE 'treatment' END
  FROM person AS p
  WHERE p.is_new = 1 AND p.incentive = 'offer'
),
members AS (
  SELECT m.date, m.user_id, m.cut, m.segment FROM mart.members AS m WHERE m.cut <> 'platform'
  UNION ALL
  SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment FROM mart.users AS u
),
place AS (
  SELECT
    g.date, g.incentive, g.return_days, g.cohort_date, g.user_id, g.reached, g.returned, g.pair, g.user_group,
    'total' AS cut, CAST(NULL AS STRING) AS segment
  FROM grouped AS g
  UNION ALL
  SELECT
    g.date, g.incentive, g.return_days, g.cohort_date, g.user_id, g.reached, g.returned, g.pair, g.user_group, m.cut, m.segment
  FROM grouped AS g
  JOIN members AS m ON m.date = g.cohort_date AND m.user_id = g.user_id
  WHERE m.cut <> 'total' AND g.pair = 'held_out'
),
pairs AS (
  SELECT
    p.date, p.cut, p.segment, p.incentive, p.return_days, p.cohort_date, p.pair,
    COUNT(CASE WHEN p.user_group IN ('reached', 'treatment') THEN 1 END) AS n,
    COUNT(CASE WHEN p.user_group IN ('reached', 'treatment') AND p.reached = 1 THEN 1 END) AS n_reached,
    COUNT(CASE WHEN p.user_group IN ('reached', 'treatment') AND p.returned = 1 THEN 1 END) AS n_returned,
    COUNT(CASE WHEN p.user_group IN ('not_reached', 'control') THEN 1 END) AS m,
    COUNT(CASE WHEN p.user_group IN ('not_reached', 'control') AND p.reached = 1 THEN 1 END) AS m_reached,
    COUNT(CASE WHEN p.user_group IN ('not_reached', 'control') AND p.returned = 1 THEN 1 END) AS m_returned
  FROM place AS p
  GROUP BY p.date, p.cut, p.segment, p.incentive, p.return_days, p.cohort_date, p.pair
),
-- Wilson: (p + z²/2n ± z·sqrt(p(1−p)/n + z²/4n²)) ÷ (1 + z²/n), with z² = 3.841458820694124.
scored AS (
  SELECT
    q.date, q.cut, q.segment, q.incentive, q.return_days, q.cohort_date, q.pair,
    q.n, q.n_reached, q.n_returned, q.m, q.m_reached, q.m_returned,
    SAFE_DIVIDE(q.n_returned, q.n) AS p1,
    SAFE_DIVIDE(q.m_returned, q.m) AS p2,
    SAFE_DIVIDE(q.n_returned + 1920729410347062e-15, q.n + 3841458820694124e-15) AS middle1,
    SAFE_DIVIDE(q.m_returned + 1920729410347062e-15, q.m + 3841458820694124e-15) AS middle2,
    SAFE_DIVIDE(1959963984540054e-15 * SQRT(SAFE_DIVIDE(q.n_returned * (q.n - q.n_returned), q.n) + 960364705173531e-15), q.n + 3841458820694124e-15) AS spread1,
    SAFE_DIVIDE(1959963984540054e-15 * SQRT(SAFE_DIVIDE(q.m_returned * (q.m - q.m_returned), q.m) + 960364705173531e-15), q.m + 3841458820694124e-15) AS spread2
  FROM pairs AS q
)
SELECT
  s.date, s.cut, s.segment, s.incentive,
  CASE WHEN s.pair = 'observed' THEN 'reached' ELSE 'treatment' END AS user_group,
  s.cohort_date, CAST(s.return_days AS INT64) AS return_days, s.n AS users, s.n_reached AS reached_users, s.n_returned AS returned_users, s.p1 AS repeat_rate,
  s.p1 - s.p2 AS difference,
  CASE WHEN s.pair <> 'observed' THEN
    s.p1 - s.p2 - SQRT((s.p1 - s.middle1 + s.spread1) * (s.p1 - s.middle1 + s.spread1) + (s.middle2 + s.spread2 - s.p2) * (s.middle2 + s.spread2 - s.p2))
  END AS difference_low,
  CASE WHEN s.pair <> 'observed' THEN
    s.p1 - s.p2 + SQRT((s.middle1 + s.spread1 - s.p1) * (s.middle1 + s.spread1 - s.p1) + (s.p2 - s.middle2 + s.spread2) * (s.p2 - s.middle2 + s.spread2))
  END AS difference_high,
  s.pair <> 'observed' AS is_causal
FROM scored AS s
UNION ALL
SELECT
  s.date, s.cut, s.segment, s.incentive,
  CASE WHEN s.pair = 'observed' THEN 'not_reached' ELSE 'control' END,
  s.cohort_date, CAST(s.return_days AS INT64), s.m, s.m_reached, s.m_returned, s.p2,
  SAFE_DIVIDE(0, 0), SAFE_DIVIDE(0, 0), SAFE_DIVIDE(0, 0), s.pair <> 'observed'
FROM scored AS s
