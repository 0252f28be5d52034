-- dim_users: every user seen so far, as known at the end of the last published day.
-- Grain: user_id.
-- Reads: users.
-- Partition: none to filter on; only the last published day is read.
-- Nulls: an attribute that no event of the user has named.
CREATE OR REPLACE VIEW mart.dim_users AS
SELECT
  u.user_id,
  u.date AS as_of_date,
  u.first_seen_date,
  u.last_seen_date,
  UNIX_DATE(u.date) - UNIX_DATE(u.first_seen_date) AS days_since_first_seen,
  UNIX_DATE(u.date) - UNIX_DATE(u.last_seen_date) AS days_since_last_seen,
  CAST(BIT_COUNT(u.active_days_bits & 127) AS INT64) AS active_days_7d,
  CAST(BIT_COUNT(u.active_days_bits & 268435455) AS INT64) AS active_days_28d,
  u.sessions_1d,
  u.sessions_7d,
  u.sessions_28d,
  u.sessions_total,
  u.last_session_id,
  u.last_ended_at,
  u.has_open_session,
  u.last_session_crashed,
  u.first_session_id,
  u.first_session_started_at,
  u.second_session_started_at,
  u.first_opened_date,
  u.installed_at,
  u.installed_date,
  u.installs,
  u.first_platform,
  u.first_country,
  u.first_app_version,
  u.first_acquisition_source,
  u.first_campaign,
  u.platform,
  u.os_version,
  u.device_model,
  u.device_class,
  u.country,
  u.app_version,
  u.language,
  u.properties,
  u.definition_digest
FROM mart.users AS u
WHERE u.date = @as_of
