-- benchmark_metrics: which figure of ours each published metric is set against, and why some are set against none.
-- Grain: published; a push_open_rate is one by its denominator, as in push_open_rate_delivered.
-- Reads: nothing.
-- Partition: none.
-- Nulls: metric of what is not measured; rule and reason (as in docs/benchmarks.md, the number times ten) of what is not refused for its name.
CREATE OR REPLACE VIEW mart.benchmark_metrics AS
WITH measure AS (
  -- Our figures. statistic: null where it is the one published. needs_rule: depends on the pause that ends a session.
  -- oldest_cohort: days since its first day, of the oldest of those followed; null where users of all ages count.
  SELECT 'session_duration' AS metric, CAST(NULL AS STRING) AS statistic, TRUE AS needs_rule, 'sessions' AS sample_unit,
    'no session in the window' AS absent, CAST(NULL AS INT64) AS oldest_cohort
  UNION ALL SELECT 'session_interval', NULL, TRUE, 'sessions', 'nobody came twice in the window', NULL
  UNION ALL SELECT 'screens_per_session', NULL, TRUE, 'sessions', 'no session in the window', NULL
  UNION ALL SELECT 'sessions_per_user_day', 'mean', TRUE, 'user days', 'no session in the window', NULL
  UNION ALL SELECT 'sessions_per_user_week', 'mean', TRUE, 'user weeks', 'no week of the window has data on all its days', NULL
  UNION ALL SELECT 'sessions_per_user_month', 'mean', TRUE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'time_in_app_per_user_day', 'mean', TRUE, 'user days', 'no session in the window', NULL
  UNION ALL SELECT 'time_in_app_per_user_week', 'mean', TRUE, 'user weeks', 'no week of the window has data on all its days', NULL
  UNION ALL SELECT 'time_in_app_per_user_month', 'mean', TRUE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'stickiness_dau_mau', 'mean', FALSE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'power_user_share_10plus_month', 'pooled', TRUE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'crash_free_session_rate', 'pooled', FALSE, 'sessions', 'no session in the window', NULL
  UNION ALL SELECT 'user_perceived_crash_rate_dau', 'pooled', FALSE, 'user days', 'no session in the window', NULL
  UNION ALL SELECT 'push_open_rate_delivered', 'pooled', FALSE, 'pushes', 'no push in the window, or fewer than were opened', NULL
  UNION ALL SELECT 'push_open_rate_users_reached', 'pooled', FALSE, 'users reached', 'no push in the window, or fewer users than opened one', NULL
  UNION ALL SELECT 'bounce_rate_ga4', 'pooled', TRUE, 'sessions', 'no session in the window', NULL
  UNION ALL SELECT 'engagement_rate_ga4', 'pooled', TRUE, 'sessions', 'no session in the window', NULL
  UNION ALL SELECT 'engagement_time_per_user_ga4', 'mean', TRUE, 'users', 'the 28 days do not all have data', NULL
  UNION ALL SELECT 'single_session_user_share', 'pooled', TRUE, 'cohort users', 'no cohort is 30 days old with data on all of them', 57
  UNION ALL SELECT 'churn_month1_window', 'pooled', FALSE, 'cohort users', 'no cohort is 30 days old with data on all of them', 57
  UNION ALL SELECT 'retention_week1_window', 'pooled', FALSE, 'cohort users', 'no cohort is 7 days old with data on all of them', 34
  UNION ALL SELECT 'retention_month1_window', 'pooled', FALSE, 'cohort users', 'no cohort is 30 days old with data on all of them', 57
  UNION ALL SELECT 'retention_month2_window', 'pooled', FALSE, 'cohort users', 'no cohort has data on all of its days 31 to 60', 87
  UNION ALL SELECT 'retention_d15_30_bracket', 'pooled', FALSE, 'cohort users', 'no cohort has data on all of its days 15 to 30', 57
  UNION ALL SELECT 'retention_d31_60_bracket', 'pooled', FALSE, 'cohort users', 'no cohort has data on all of its days 31 to 60', 87
  UNION ALL SELECT 'retention_d1_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 28
  UNION ALL SELECT 'retention_d7_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 34
  UNION ALL SELECT 'retention_d14_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 41
  UNION ALL SELECT 'retention_d15_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 42
  UNION ALL SELECT 'retention_d28_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 55
  UNION ALL SELECT 'retention_d30_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 57
  UNION ALL SELECT 'retention_d60_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 87
  UNION ALL SELECT 'retention_d90_nday', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 117
  UNION ALL SELECT 'dau_loss_since_install_d3', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 30
  UNION ALL SELECT 'dau_loss_since_install_d30', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 57
  UNION ALL SELECT 'dau_loss_since_install_d90', 'pooled', FALSE, 'cohort users', 'no cohort is complete at this age', 117
  UNION ALL SELECT 'sessions_per_user_on_day7', 'mean', TRUE, 'users', 'nobody came on that day of his', 34
  UNION ALL SELECT 'time_in_app_on_day0', 'mean', TRUE, 'users', 'nobody came on that day of his', 27
  UNION ALL SELECT 'time_in_app_on_day1', 'mean', TRUE, 'users', 'nobody came on that day of his', 28
  UNION ALL SELECT 'time_in_app_on_day3', 'mean', TRUE, 'users', 'nobody came on that day of his', 30
  UNION ALL SELECT 'time_in_app_on_day7', 'mean', TRUE, 'users', 'nobody came on that day of his', 34
  UNION ALL SELECT 'time_in_app_on_day30', 'mean', TRUE, 'users', 'nobody came on that day of his', 57
),
lookalike AS (
  -- Published figures that are mistaken for one of ours, or for which we have none: shown, so that nobody looks for them,
  -- and refused.
  SELECT 'localytics_stickiness_index' AS published, 'stickiness_dau_mau' AS metric, 90 AS rule,
    'an index of power and loyal users is not DAU over MAU' AS reason
  UNION ALL SELECT 'daily_active_share_of_installed', 'stickiness_dau_mau', 90, 'a share of installed users is not DAU over MAU'
  UNION ALL SELECT 'loyal_user_share_3month', NULL, 90, 'not measured: users are followed for 63 days, not for three months'
  UNION ALL SELECT 'users_with_11plus_sessions_share', NULL, 90, 'not measured: how long users were watched is not stated'
  UNION ALL SELECT 'stability_score_sessions_incl_anr_oom', 'crash_free_session_rate', 80,
    'freezes and out-of-memory exits count there, only crashes here'
  UNION ALL SELECT 'user_perceived_anr_rate_dau', NULL, 80, 'not measured: freezes are no crashes'
  UNION ALL SELECT 'crash_rate_unspecified', 'crash_free_session_rate', 80,
    'the publisher does not say whether sessions or users are counted'
  UNION ALL SELECT 'app_opens_per_user_month', 'sessions_per_user_month', 100, 'app opens are not sessions'
  UNION ALL SELECT 'app_opens_per_dau', 'sessions_per_user_day', 100, 'app opens are not sessions'
  UNION ALL SELECT 'sessions_per_active_user_unspecified_period', 'sessions_per_user_day', 110,
    'the publisher does not say of which period the active users are'
  UNION ALL SELECT 'sessions_per_installed_user_first_day', 'sessions_per_user_day', 110,
    'all who installed are counted there, who was active on the day here'
  UNION ALL SELECT 'sessions_per_installed_user_second_day', 'sessions_per_user_day', 110,
    'all who installed are counted there, who was active on the day here'
  UNION ALL SELECT 'sessions_per_user_30days', 'sessions_per_user_month', 120, 'a window of 30 days there, of 28 here'
  UNION ALL SELECT 'retention_open_within_30d', 'retention_month1_window', 40, 'an open within N days is another type of retention'
  UNION ALL SELECT 'retention_open_within_90d', NULL, 40, 'an open within N days is another type of retention, and not measured'
  UNION ALL SELECT 'retention_month3_window', NULL, 40, 'not measured: users are followed for 63 days'
  UNION ALL SELECT 'retention_d1_unspecified', 'retention_d1_nday', 40, 'the publisher does not say which type of retention it is'
  UNION ALL SELECT 'retention_d7_unspecified', 'retention_d7_nday', 40, 'the publisher does not say which type of retention it is'
  UNION ALL SELECT 'retention_d15_unspecified', 'retention_d15_nday', 40, 'the publisher does not say which type of retention it is'
  UNION ALL SELECT 'retention_d30_unspecified', 'retention_d30_nday', 40, 'the publisher does not say which type of retention it is'
  UNION ALL SELECT 'retention_d90_unspecified', 'retention_d90_nday', 40, 'the publisher does not say which type of retention it is'
  UNION ALL SELECT 'share_of_apps_by_d30_retention_band', NULL, 50, 'a share of apps is no figure of one app'
  UNION ALL SELECT 'bounce_rate_single_page', 'bounce_rate_ga4', 90, 'visits of one page are not the sessions that are not engaged'
  UNION ALL SELECT 'notification_opt_in_rate', NULL, 60, 'not measured: and permission for any channel is not that for push'
  UNION ALL SELECT 'push_opt_in_rate', NULL, 60, 'not measured: permission for push is not in the tables'
  UNION ALL SELECT 'push_open_rate_sent', NULL, 70, 'not measured: pushes that were sent and did not arrive are not in the tables'
  UNION ALL SELECT 'push_open_rate_recipients', NULL, 70, 'not measured: who has allowed push is not in the tables'
  UNION ALL SELECT 'push_open_rate_unknown', NULL, 70, 'the publisher does not say of which pushes or users the opens are a share'
  UNION ALL SELECT 'uninstall_rate_30d', NULL, 40, 'not measured: uninstalls are not in the tables'
)
SELECT
  m.metric AS published,
  m.metric,
  m.statistic,
  m.needs_rule,
  m.sample_unit,
  m.absent,
  m.oldest_cohort,
  CAST(NULL AS INT64) AS rule,
  CAST(NULL AS STRING) AS reason
FROM measure AS m
UNION ALL
SELECT l.published, m.metric, m.statistic, m.needs_rule, m.sample_unit, m.absent, m.oldest_cohort, l.rule, l.reason
FROM lookalike AS l
LEFT JOIN measure AS m ON m.metric = l.metric
