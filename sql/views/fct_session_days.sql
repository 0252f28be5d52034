-- fct_session_days: what happened in each session on each day that it touches.
-- Grain: date, session_id.
-- Reads: session_days.
-- Partition: filter on date.
-- Nulls: times of a day on which only background events joined the session; what its events do not say.
CREATE OR REPLACE VIEW mart.fct_session_days AS
SELECT
  d.date,
  d.session_id,
  d.user_id,
  d.device_id,
  d.session_date,
  d.date = d.session_date AS is_first_day,
  d.started_at,
  d.ended_at,
  d.duration_seconds,
  d.engaged_seconds,
  d.event_count,
  d.background_event_count,
  d.screen_views,
  d.crash_count,
  d.key_event_count,
  d.is_engaged,
  d.is_bounce,
  d.is_counted,
  d.platform,
  d.country,
  d.app_version,
  d.definition_digest
FROM mart.session_days AS d
WHERE d.date BETWEEN DATE '2000-01-01' AND @as_of
