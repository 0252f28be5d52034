-- fct_funnels: how many come through the funnels that the configuration names, step by step.
-- Grain: date, cut, segment, funnel, step_number.
-- Reads: daily_funnels.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; lost_from_previous and conversion_from_previous of a first step; conversions where none came that far.
CREATE OR REPLACE VIEW mart.fct_funnels AS
SELECT
  f.date,
  f.cut,
  f.segment,
  f.funnel,
  f.funnel_window,
  f.step_number,
  f.step_name,
  f.reached,
  LAG(f.reached) OVER (PARTITION BY f.date, f.cut, f.segment, f.funnel ORDER BY f.step_number) - f.reached AS lost_from_previous,
  f.users,
  f.conversion_from_previous,
  f.conversion_from_first,
  f.from_first_p50_seconds AS from_first_median_seconds,
  f.is_final,
  f.definition_digest
FROM mart.daily_funnels AS f
WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
