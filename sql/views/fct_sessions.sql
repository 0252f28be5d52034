-- fct_sessions: every session up to the last published day.
-- Grain: session_date, session_id.
-- Reads: sessions.
-- Partition: filter on session_date.
-- Nulls: what the events of the session do not say.
CREATE OR REPLACE VIEW mart.fct_sessions AS
SELECT
  s.session_date,
  s.session_id,
  s.user_id,
  s.device_id,
  s.started_at,
  s.ended_at,
  s.duration_seconds,
  s.engaged_seconds,
  s.foreground_seconds,
  s.crash_corrected_seconds,
  s.seconds_since_previous_session,
  s.event_count,
  s.background_event_count,
  s.screen_views,
  s.distinct_screens,
  s.entry_screen,
  s.exit_screen,
  s.crash_count,
  s.key_event_count,
  s.install_count,
  s.push_open_count,
  s.start_reason,
  s.end_reason,
  s.status,
  s.is_engaged,
  s.is_bounce,
  s.is_first_session,
  s.is_counted,
  s.exclusion,
  s.platform,
  s.os_version,
  s.app_version,
  s.device_model,
  s.country,
  s.language,
  s.acquisition_source,
  s.campaign,
  s.device_class,
  s.utc_offset,
  s.source_session_id,
  s.is_final,
  s.definition_digest
FROM mart.sessions AS s
WHERE s.session_date BETWEEN DATE '2000-01-01' AND @as_of
