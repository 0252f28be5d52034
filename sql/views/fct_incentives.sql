-- fct_incentives: who came back after an incentive, beside who did not get it: one row a comparison.
-- Grain: date, cut, segment, incentive, is_causal.
-- Reads: daily_incentives.
-- Partition: filter on date, which is cohort_date plus return_days.
-- Nulls: segment of the total and where unknown; a rate of nobody; difference where one of the two is nobody or was left out; the interval where is_causal is false.
CREATE OR REPLACE VIEW mart.fct_incentives AS
WITH beside AS (
  SELECT o.date, o.cut, o.segment, o.incentive, o.is_causal, o.user_group, o.users, o.returned_users, o.repeat_rate
  FROM mart.daily_incentives AS o
  WHERE o.date BETWEEN DATE '2000-01-01' AND @as_of AND o.user_group IN ('not_reached', 'control')
)
SELECT
  i.date,
  i.cut,
  i.segment,
  i.incentive,
  i.is_causal,
  i.cohort_date,
  i.return_days,
  i.user_group,
  i.users,
  i.reached_users,
  i.returned_users,
  i.repeat_rate,
  o.user_group AS other_group,
  o.users AS other_users,
  o.returned_users AS other_returned_users,
  o.repeat_rate AS other_repeat_rate,
  i.difference,
  i.difference_low,
  i.difference_high,
  i.interval_method,
  CASE
    WHEN i.is_causal THEN 'chance held out the others: the difference is what the incentive did'
    ELSE 'not causal: who is reached differs from who is not in more than the incentive'
  END AS reading,
  i.definition_digest
FROM mart.daily_incentives AS i
LEFT JOIN beside AS o
  ON o.date = i.date
  AND o.cut = i.cut
  AND COALESCE(o.segment, '') = COALESCE(i.segment, '')
  AND o.incentive = i.incentive
  AND o.is_causal = i.is_causal
WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of AND i.user_group IN ('reached', 'treatment')
