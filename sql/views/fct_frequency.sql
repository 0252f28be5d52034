-- fct_frequency: how often users come: by sessions and active days of the last 1, 7 and 28 days, and by time since the last session.
-- Grain: date, cut, segment, measure, window_days, bucket.
-- Reads: daily_frequency.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; window_days of hours_since_previous; bucket and sessions_at_least of a measure without buckets; users_at_least and share_at_least but for sessions and active_days.
CREATE OR REPLACE VIEW mart.fct_frequency AS
SELECT
  f.date,
  f.cut,
  f.segment,
  f.measure,
  f.window_days,
  f.bucket,
  f.users,
  f.sessions,
  f.value,
  f.users_at_least,
  f.share_at_least,
  CASE WHEN f.bucket IS NOT NULL THEN
    CAST(SUM(f.sessions) OVER (
      PARTITION BY f.date, f.cut, f.segment, f.measure, f.window_days
      ORDER BY f.bucket DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS INT64)
  END AS sessions_at_least,
  f.definition_digest
FROM mart.daily_frequency AS f
WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
