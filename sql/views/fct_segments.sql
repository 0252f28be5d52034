-- fct_segments: users, sessions and return on the next day by lifecycle, activity tier and attribute.
-- Grain: date, segmentation, segment.
-- Reads: daily_segments.
-- Partition: filter on date.
-- Nulls: segment where the attribute is unknown; the return until the next day has been processed or if it has no data.
CREATE OR REPLACE VIEW mart.fct_segments AS
SELECT
  g.date,
  g.segmentation,
  g.segment,
  g.users,
  SAFE_DIVIDE(g.users, SUM(g.users) OVER (PARTITION BY g.date, g.segmentation)) AS share_of_users,
  g.sessions,
  SAFE_DIVIDE(g.sessions, g.users) AS sessions_per_user,
  g.duration_p50_seconds AS duration_median_seconds,
  g.returned_next_day_users,
  g.return_next_day_rate,
  g.is_final,
  g.definition_digest
FROM mart.daily_segments AS g
WHERE g.date BETWEEN DATE '2000-01-01' AND @as_of
