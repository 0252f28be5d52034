-- fct_lifecycle: growth accounting: where each day's active users come from, and who is gone.
-- Grain: date, cut, segment, lapse_days.
-- Reads: daily_lifecycle.
-- Partition: filter on date.
-- Nulls: segment in the total and where unknown; a ratio of nothing; churn_rate where the day before has no data.
CREATE OR REPLACE VIEW mart.fct_lifecycle AS
WITH day_before AS (
  SELECT DATE_ADD(d.date, INTERVAL 1 DAY) AS date, d.cut, d.segment, d.lapse_days, d.recent_users
  FROM mart.daily_lifecycle AS d
  WHERE d.date BETWEEN DATE '2000-01-01' AND @as_of
)
SELECT
  l.date,
  l.cut,
  l.segment,
  l.lapse_days,
  l.users,
  l.active_users,
  l.new_users,
  l.returning_users,
  l.resurrected_users,
  l.dormant_users,
  l.recent_users,
  l.churned_users,
  SAFE_DIVIDE(l.new_users + l.resurrected_users, l.churned_users) AS quick_ratio,
  SAFE_DIVIDE(l.churned_users, b.recent_users) AS churn_rate,
  l.definition_digest
FROM mart.daily_lifecycle AS l
LEFT JOIN day_before AS b
  ON b.date = l.date
  AND b.cut = l.cut
  AND COALESCE(b.segment, '') = COALESCE(l.segment, '')
  AND b.lapse_days = l.lapse_days
WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of
