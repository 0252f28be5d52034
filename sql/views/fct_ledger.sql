-- fct_ledger: where the events of each day went, and whether the account balances.
-- Grain: date.
-- Reads: daily_ledger.
-- Partition: filter on date.
-- Nulls: share_in_sessions of a day without events.
CREATE OR REPLACE VIEW mart.fct_ledger AS
SELECT
  l.date,
  l.events_staged,
  l.events_in_sessions,
  l.events_duplicate,
  l.events_conflicting,
  l.events_outside_session,
  l.events_ignored,
  l.events_beyond_cap,
  l.events_uploaded_late,
  l.events_staged - l.events_in_sessions - l.events_duplicate - l.events_outside_session - l.events_ignored
    - l.events_beyond_cap - l.events_uploaded_late AS events_unaccounted,
  SAFE_DIVIDE(l.events_in_sessions, l.events_staged) AS share_in_sessions,
  l.definition_digest
FROM mart.daily_ledger AS l
WHERE l.date BETWEEN DATE '2000-01-01' AND @as_of
