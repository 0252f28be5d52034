-- fct_screens: screens of the app by visits: how many come to each, how long they stay, where sessions begin and end.
-- Grain: date, cut, segment, screen.
-- Reads: daily_screens.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; times, exits and their rates while a session may go on; means and rates without visits.
CREATE OR REPLACE VIEW mart.fct_screens AS
SELECT
  s.date,
  s.cut,
  s.segment,
  s.screen,
  ROW_NUMBER() OVER (PARTITION BY s.date, s.cut, s.segment ORDER BY s.visits DESC, s.screen) AS rank_by_visits,
  s.visits,
  SAFE_DIVIDE(s.visits, SUM(s.visits) OVER (PARTITION BY s.date, s.cut, s.segment)) AS share_of_visits,
  s.views,
  s.users,
  s.active_users,
  s.reach,
  s.sessions,
  s.time_on_screen_seconds,
  SAFE_DIVIDE(s.time_on_screen_seconds, SUM(s.time_on_screen_seconds) OVER (PARTITION BY s.date, s.cut, s.segment)) AS share_of_time,
  s.visit_mean_seconds,
  s.visit_p50_seconds AS visit_median_seconds,
  s.entries,
  SAFE_DIVIDE(s.entries, s.sessions) AS entry_rate,
  s.exits,
  s.exit_rate,
  s.drop_off_rate,
  s.position_mean,
  s.is_final,
  s.definition_digest
FROM mart.daily_screens AS s
WHERE s.date BETWEEN DATE '2000-01-01' AND @as_of
