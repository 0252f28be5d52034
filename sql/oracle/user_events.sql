-- user_events: how often and when each user did what is declared, or was installed or pushed, from all steps so far.
WITH days AS (
  SELECT DISTINCT l.date FROM mart.daily_ledger AS l
),
numbered AS (
  SELECT
    d.date, p.user_id, p.event_name, p.date AS step_date, p.step_at, p.campaign,
    ROW_NUMBER() OVER (PARTITION BY d.date, p.user_id, p.event_name ORDER BY p.step_at DESC, p.date DESC, p.step_number DESC) AS ago
  FROM days AS d
  JOIN mart.session_steps AS p ON p.date <= d.date AND (p.is_declared OR p.role IS NOT NULL)
)
SELECT
  n.date,
  n.user_id,
  n.event_name,
  MIN(n.step_at) AS first_at,
  MIN(n.step_date) AS first_date,
  MAX(n.step_at) AS last_at,
  MAX(CASE WHEN n.ago = 1 THEN n.step_date END) AS last_date,
  COUNT(CASE WHEN n.step_date = n.date THEN 1 END) AS events_1d,
  COUNT(*) AS events_total,
  MAX(CASE WHEN n.ago = 1 THEN n.campaign END) AS last_campaign
FROM numbered AS n
GROUP BY n.date, n.user_id, n.event_name
