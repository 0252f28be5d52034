-- fct_first_sessions: from the install over the first session to the second: how far the users of a day have come after 0, 1, 7 and 28 days.
-- Grain: cohort_date, day_n, cut, segment.
-- Reads: daily_installs, daily_first_sessions.
-- Partition: filter on date, which is cohort_date plus day_n.
-- Nulls: segment of the total and where unknown; installs and what follows from them where no install was seen; first sessions where none began; lengths, bounced and engaged for day_n above 0; onboarded without onboarding in the configuration.
CREATE OR REPLACE VIEW mart.fct_first_sessions AS
WITH cell AS (
  SELECT i.date, i.install_date AS cohort_date, i.day_n, i.cut, i.segment
  FROM mart.daily_installs AS i
  WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of
  UNION DISTINCT
  SELECT f.date, f.cohort_date, f.day_n, f.cut, f.segment
  FROM mart.daily_first_sessions AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
),
installed AS (
  SELECT i.date, i.day_n, i.cut, i.segment, i.installs, i.reinstalls, i.opened_users, i.opened_share, i.install_to_open_p50_seconds,
    i.definition_digest, i.is_final
  FROM mart.daily_installs AS i
  WHERE i.date BETWEEN DATE '2000-01-01' AND @as_of
),
began AS (
  SELECT
    f.date, f.day_n, f.cut, f.segment, f.users, f.duration_p50_seconds, f.screens_per_session, f.engaged_sessions, f.bounced_sessions,
    f.onboarded_users, f.second_session_users, f.second_session_share,
    f.first_to_second_p50_seconds, f.definition_digest, f.is_final
  FROM mart.daily_first_sessions AS f
  WHERE f.date BETWEEN DATE '2000-01-01' AND @as_of
)
SELECT
  c.date,
  c.cohort_date,
  c.day_n,
  c.cut,
  c.segment,
  i.installs,
  i.reinstalls,
  i.opened_users,
  i.opened_share,
  i.install_to_open_p50_seconds,
  b.users AS first_session_users,
  b.duration_p50_seconds AS first_duration_p50_seconds,
  b.screens_per_session AS first_screens_per_session,
  SAFE_DIVIDE(b.engaged_sessions, b.users) AS engaged_share,
  SAFE_DIVIDE(b.bounced_sessions, b.users) AS bounced_share,
  SAFE_DIVIDE(b.onboarded_users, b.users) AS onboarded_share,
  b.second_session_users,
  b.second_session_share,
  b.first_to_second_p50_seconds,
  COALESCE(b.is_final, i.is_final) AS is_final,
  COALESCE(b.definition_digest, i.definition_digest) AS definition_digest
FROM cell AS c
LEFT JOIN installed AS i
  ON i.date = c.date AND i.day_n = c.day_n AND i.cut = c.cut AND COALESCE(i.segment, '') = COALESCE(c.segment, '')
LEFT JOIN began AS b
  ON b.date = c.date AND b.day_n = c.day_n AND b.cut = c.cut AND COALESCE(b.segment, '') = COALESCE(c.segment, '')
