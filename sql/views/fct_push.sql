-- fct_push: pushes of a day, in all and by campaign, and what share of the day's sessions came after one.
-- Grain: date, cut, segment, scope, campaign.
-- Reads: daily_push.
-- Partition: filter on date.
-- Nulls: segment of the total and where unknown; campaign of all and where none is named; open_rate where none was received; sessions_without_push of a campaign; a share where no session began.
CREATE OR REPLACE VIEW mart.fct_push AS
WITH counted AS (
  SELECT
    p.date, p.cut, p.segment,
    p.sessions_after_open + p.sessions_after_received + p.sessions_without_push AS sessions
  FROM mart.daily_push AS p
  WHERE p.date BETWEEN DATE '2000-01-01' AND @as_of AND p.scope = 'all'
)
SELECT
  p.date,
  p.cut,
  p.segment,
  p.scope,
  p.campaign,
  p.pushes_received,
  p.reached_users,
  p.pushes_opened,
  p.opening_users,
  p.open_rate,
  p.sessions_after_open,
  p.users_after_open,
  p.sessions_after_received,
  p.users_after_received,
  p.sessions_without_push,
  c.sessions,
  SAFE_DIVIDE(p.sessions_after_open, c.sessions) AS after_open_share,
  SAFE_DIVIDE(p.sessions_after_received, c.sessions) AS after_received_share,
  SAFE_DIVIDE(p.sessions_without_push, c.sessions) AS without_push_share,
  p.is_final,
  p.definition_digest
FROM mart.daily_push AS p
LEFT JOIN counted AS c ON c.date = p.date AND c.cut = p.cut AND COALESCE(c.segment, '') = COALESCE(p.segment, '')
WHERE p.date BETWEEN DATE '2000-01-01' AND @as_of
