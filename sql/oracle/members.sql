-- members: who is in which part of the users on a day: all of them, and the segments by which the oracles are cut.
SELECT u.date, u.user_id, 'total' AS cut, CAST(NULL AS STRING) AS segment
FROM mart.users AS u
UNION ALL
-- An attribute is the latest known, also of users who are away.
SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment
FROM mart.users AS u
UNION ALL
SELECT
  u.date,
  u.user_id,
  'lifecycle' AS cut,
  CASE
    WHEN u.active_days_bits & 1 = 0 THEN 'dormant'
    WHEN u.first_seen_date = u.date THEN 'new'
    WHEN (u.active_days_bits >> 1) & 268435455 <> 0 THEN 'returning'
    ELSE 'resurrected'
  END AS segment
FROM mart.users AS u
UNION ALL
SELECT
  u.date,
  u.user_id,
  'activity_tier' AS cut,
  CASE
    WHEN BIT_COUNT(u.active_days_bits & 268435455) >= 14 THEN 'power'
    WHEN BIT_COUNT(u.active_days_bits & 268435455) >= 4 THEN 'core'
    ELSE 'casual'
  END AS segment
FROM mart.users AS u
WHERE u.active_days_bits & 268435455 <> 0
UNION ALL
-- interest is declared in the configuration, by rules that are tried in order.
SELECT
  i.date,
  i.user_id,
  'interest' AS cut,
  CASE
    WHEN i.bookings > 0 THEN 'booked'
    WHEN i.days_looked >= 2 THEN 'looking'
    WHEN UNIX_DATE(i.date) - UNIX_DATE(i.first_seen_date) < 7 THEN 'fresh'
    ELSE 'other'
  END AS segment
FROM (
  SELECT
    u.date,
    u.user_id,
    u.first_seen_date,
    COUNT(CASE WHEN p.event_name = 'booking_completed' THEN 1 END) AS bookings,
    COUNT(DISTINCT CASE WHEN p.event_name = 'trip_view' AND UNIX_DATE(u.date) - UNIX_DATE(p.date) < 7 THEN p.date END) AS days_looked
  FROM mart.users AS u
  LEFT JOIN mart.session_steps AS p ON p.user_id = u.user_id AND p.date <= u.date AND p.is_declared
  GROUP BY u.date, u.user_id, u.first_seen_date
) AS i
UNION ALL
-- stays is declared, too: by sessions as they were known at the end of the day, whatever they become after midnight.
SELECT
  k.date,
  k.user_id,
  'stays' AS cut,
  CASE WHEN k.crashes > 0 THEN 'crashed' ELSE 'long' END AS segment
FROM (
  SELECT
    p.date,
    p.user_id,
    SUM(p.crash_count) AS crashes,
    MAX(CASE WHEN s.ended_at > p.ended_at THEN (UNIX_MICROS(p.ended_at) - UNIX_MICROS(p.started_at)) / 1000000 ELSE s.duration_seconds END) AS longest
  FROM mart.session_days AS p
  JOIN mart.sessions AS s ON s.session_id = p.session_id AND s.session_date = p.date
  WHERE p.session_date = p.date AND p.is_counted
  GROUP BY p.date, p.user_id
) AS k
WHERE k.crashes > 0 OR k.longest > 120
UNION ALL
-- The screen of which a user has most visits on the day.
SELECT v.date, v.user_id, 'top_screen' AS cut, v.screen AS segment
FROM (
  SELECT
    t.date, t.user_id, t.screen,
    ROW_NUMBER() OVER (PARTITION BY t.date, t.user_id ORDER BY COUNT(*) DESC, t.screen) AS place
  FROM mart.session_steps AS t
  WHERE t.is_visit
  GROUP BY t.date, t.user_id, t.screen
) AS v
JOIN mart.users AS u ON u.date = v.date AND u.user_id = v.user_id
WHERE v.place = 1
UNION ALL
-- network is a declared property, the only one that is kept.
SELECT u.date, u.user_id, 'network' AS cut, REPLACE(u.properties, 'network=', '') AS segment
FROM mart.users AS u
