-- members: who is in which part of the users on a day: all of them, and the segments by which the oracles are cut.
SELECT u.date, u.user_id, 'total' AS cut, CAST(NULL AS STRING) AS segment
FROM mart.users AS u
UNION ALL
SELECT u.date, u.user_id, 'platform' AS cut, u.platform AS segment
FROM mart.users AS u
WHERE u.sessions_1d > 0
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
