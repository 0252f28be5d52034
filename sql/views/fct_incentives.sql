-- fct_incentives: who came back after an incentive, beside who did not get it: one row a comparison; with a holdout also all cohorts so far together.
-- Grain: date, cut, segment, incentive, is_causal.
-- Reads: daily_incentives.
-- Partition: filter on date, which is cohort_date plus return_days; pooled columns read the days before too.
-- Nulls: segment of the total and where unknown; a rate of nobody; difference where one of the two is nobody or was left out; the interval and what is pooled where is_causal is false; what is pooled also where difference is null in all cohorts so far.
CREATE OR REPLACE VIEW mart.fct_incentives AS
WITH beside AS (
  SELECT o.date, o.cut, o.segment, o.incentive, o.is_causal, o.user_group, o.users, o.returned_users, o.repeat_rate
  FROM mart.daily_incentives AS o
  WHERE o.date BETWEEN DATE '2000-01-01' AND @as_of AND o.user_group IN ('not_reached', 'control')
),
-- Each user is in one cohort, so cohorts in which both groups are there add up.
pooled AS (
  SELECT
    i.date, i.cut, i.segment, i.incentive, i.is_causal,
    SUM(CASE WHEN i.difference IS NOT NULL THEN i.users END) OVER cohorts AS n,
    SUM(CASE WHEN i.difference IS NOT NULL THEN i.returned_users END) OVER cohorts AS n_returned,
    SUM(CASE WHEN i.difference IS NOT NULL THEN o.users END) OVER cohorts AS m,
    SUM(CASE WHEN i.difference IS NOT NULL THEN o.returned_users END) OVER cohorts AS m_returned
  FROM mart.daily_incentives AS i
  LEFT JOIN beside AS o
    ON o.date = i.date
    AND o.cut = i.cut
    AND COALESCE(o.segment, '') = COALESCE(i.segment, '')
    AND o.incentive = i.incentive
    AND o.is_causal = i.is_causal
  WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of AND i.user_group = 'treatment'
  WINDOW cohorts AS (PARTITION BY i.cut, i.segment, i.incentive ORDER BY i.date)
),
rates AS (
  SELECT
    p.date, p.cut, p.segment, p.incentive, p.is_causal, p.n, p.n_returned, p.m, p.m_returned,
    SAFE_DIVIDE(p.n_returned, p.n) - SAFE_DIVIDE(p.m_returned, p.m) AS difference,
    -- Half of the interval: 1.96 standard errors of a difference of two shares.
    1959963984540054e-15 * SQRT(
      SAFE_DIVIDE(SAFE_DIVIDE(p.n_returned, p.n) * SAFE_DIVIDE(p.n - p.n_returned, p.n), p.n)
      + SAFE_DIVIDE(SAFE_DIVIDE(p.m_returned, p.m) * SAFE_DIVIDE(p.m - p.m_returned, p.m), p.m)
    ) AS half
  FROM pooled AS p
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
  CAST(r.n AS INT64) AS pooled_users,
  CAST(r.n_returned AS INT64) AS pooled_returned_users,
  CAST(r.m AS INT64) AS pooled_other_users,
  CAST(r.m_returned AS INT64) AS pooled_other_returned_users,
  r.difference AS pooled_difference,
  r.difference - r.half AS pooled_difference_low,
  r.difference + r.half AS pooled_difference_high,
  CASE WHEN r.difference IS NOT NULL THEN 'normal_approximation' END AS pooled_interval_method,
  CASE
    WHEN i.is_causal THEN 'new users, as assigned: if chance alone held out the others before their first session, the difference is what not being held out did'
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
LEFT JOIN rates AS r
  ON r.date = i.date
  AND r.cut = i.cut
  AND COALESCE(r.segment, '') = COALESCE(i.segment, '')
  AND r.incentive = i.incentive
  AND r.is_causal = i.is_causal
WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of AND i.user_group IN ('reached', 'treatment')
