-- fct_features: how much the features that the configuration names are used, also those that nobody uses.
-- Grain: date, cut, segment, feature.
-- Reads: daily_features.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; reach without active users; last_used_date and days_since_last_use of a feature never used.
CREATE OR REPLACE VIEW mart.fct_features AS
SELECT
  f.date,
  f.cut,
  f.segment,
  f.feature,
  f.status,
  f.uses,
  f.users,
  f.sessions,
  SAFE_DIVIDE(f.uses, f.users) AS uses_per_user,
  f.active_users,
  f.reach,
  f.users_7d,
  f.users_28d,
  f.active_users_28d,
  SAFE_DIVIDE(f.users_28d, f.active_users_28d) AS reach_28d,
  f.new_adopters,
  f.last_used_date,
  UNIX_DATE(f.date) - UNIX_DATE(f.last_used_date) AS days_since_last_use,
  f.definition_digest
FROM mart.daily_features AS f
WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
