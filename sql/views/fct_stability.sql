-- fct_stability: how often the app crashes, by app version, device model and operating system version, and what users do then.
-- Grain: date, cut, segment.
-- Reads: daily_stability.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; a ratio of nothing; the return until the next day has been processed or if it has no data.
CREATE OR REPLACE VIEW mart.fct_stability AS
SELECT
  t.date,
  t.cut,
  t.segment,
  t.sessions,
  t.crashed_sessions,
  t.crashes,
  t.crash_free_session_rate,
  SAFE_DIVIDE(t.crashed_sessions, t.sessions) AS crashed_session_rate,
  t.users,
  t.crashed_users,
  t.crash_free_user_rate,
  SAFE_DIVIDE(t.crashed_users, t.users) AS crashed_user_rate,
  t.crashed_users_returned_next_day,
  t.crashed_users_return_rate,
  t.sessions_after_crash,
  t.after_crash_duration_p50_seconds AS after_crash_duration_median_seconds,
  t.is_final,
  t.definition_digest
FROM mart.daily_stability AS t
WHERE t.date BETWEEN DATE '2000-01-01' AND @as_of
