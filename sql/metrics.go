package sql

import (
	"regexp"
	"strings"
)

// metricNames are the names a published figure may go by: a suffix is part of
// the definition, and figures of two names are never compared. A name in N
// stands for every number. docs/benchmarks.md says which are measured here.
var metricNames = []string{
	"app_opens_per_dau", "app_opens_per_user_month", "bounce_rate_ga4", "bounce_rate_single_page",
	"churn_dN_unspecified", "churn_monthN_window", "churn_weekN_unspecified", "crash_free_session_rate", "crash_rate_unspecified",
	"daily_active_share_of_installed", "dau_loss_since_install_dN", "engagement_rate_ga4", "engagement_time_per_user_ga4",
	"localytics_stickiness_index", "loyal_user_share_3month", "notification_opt_in_rate", "power_user_share_10plus_month",
	"push_open_rate", "push_opt_in_rate", "retention_dN_N_bracket", "retention_dN_nday", "retention_dN_rolling", "retention_dN_unspecified",
	"retention_monthN_window", "retention_open_within_Nd", "retention_weekN_unspecified", "retention_weekN_window",
	"screens_per_session", "session_duration", "session_interval", "sessions_per_active_user_unspecified_period",
	"sessions_per_installed_user_first_day", "sessions_per_installed_user_second_day", "sessions_per_user_30days",
	"sessions_per_user_day", "sessions_per_user_month", "sessions_per_user_on_dayN", "sessions_per_user_week",
	"share_of_apps_by_d30_retention_band", "single_session_user_share", "stability_score_sessions_incl_anr_oom", "stickiness_dau_mau",
	"time_in_app_on_dayN", "time_in_app_per_user_day", "time_in_app_per_user_month", "time_in_app_per_user_week",
	"uninstall_rate_Nd", "user_perceived_anr_rate_dau", "user_perceived_crash_rate_dau", "users_with_11plus_sessions_share",
}

var number = regexp.MustCompile(`[0-9]+`)

// isMetric says whether a name is one of the canonical ones.
func isMetric(name string) bool {
	general := number.ReplaceAllString(name, "N")
	for _, known := range metricNames {
		if name == known || general == known {
			return true
		}
	}
	return false
}

func isDuration(metric string) bool {
	return metric == "session_duration" || metric == "session_interval" || isTimeOfUse(metric)
}

// isTimeOfUse: a time that may be elapsed, foreground or engaged.
func isTimeOfUse(metric string) bool {
	return metric == "session_duration" || strings.HasPrefix(metric, "time_in_app_") || strings.HasPrefix(metric, "engagement_time_")
}

func isCount(metric string) bool {
	return strings.HasPrefix(metric, "sessions_per_") || strings.HasPrefix(metric, "app_opens_") || metric == "screens_per_session"
}

// isCohort: the figure follows users from a first day on.
func isCohort(metric string) bool {
	for _, prefix := range []string{
		"retention_", "churn_", "dau_loss_", "loyal_", "single_session_", "uninstall_",
		"sessions_per_user_on_", "sessions_per_installed_", "time_in_app_on_",
	} {
		if strings.HasPrefix(metric, prefix) {
			return true
		}
	}
	return false
}

// unitsOf returns the units that a metric may be in.
func unitsOf(metric string) []string {
	switch {
	case isDuration(metric):
		return []string{"seconds", "minutes", "hours", "days"}
	case isCount(metric):
		return []string{"count"}
	}
	return []string{"percent"}
}
