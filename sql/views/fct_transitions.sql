-- fct_transitions: where users go from each screen: to which other, or out of the app.
-- Grain: date, cut, segment, from_screen, to_screen.
-- Reads: daily_transitions.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; to_screen where the session ended; share while a session with from_screen may go on.
CREATE OR REPLACE VIEW mart.fct_transitions AS
SELECT
  t.date,
  t.cut,
  t.segment,
  t.from_screen,
  t.to_screen,
  t.to_screen IS NULL AS is_exit,
  ROW_NUMBER() OVER (
    PARTITION BY t.date, t.cut, t.segment, t.from_screen ORDER BY t.transitions DESC, COALESCE(t.to_screen, '')
  ) AS rank_from_screen,
  t.transitions,
  t.users,
  t.sessions,
  t.share,
  t.is_final,
  t.definition_digest
FROM mart.daily_transitions AS t
WHERE t.date BETWEEN DATE '2000-01-01' AND @as_of
