package transform

import (
	"cmp"
	"strings"
)

// Compare orders the parts of a day by user and session: the order of the
// table.
func (d *SessionDay) Compare(o *SessionDay) int {
	return cmp.Or(strings.Compare(d.UserID, o.UserID), strings.Compare(d.SessionID, o.SessionID))
}

// Active says whether there was activity in the session on the day: background
// events alone are nothing that somebody did.
func (d *SessionDay) Active() bool { return d.StartedAt != 0 }

// Counts says whether the session counts on the day in the tables of what is
// done in the app, as far as is known at its end: later days do not change it.
func (d *SessionDay) Counts() bool { return d.IsCounted && d.Active() }

// Part is the session as far as it happened on the day, for tallies of
// definitions that count sessions on every day they touch. Of is the session
// if it began on the day; nil if it came from an earlier one.
func (d *SessionDay) Part(of *Session) Session {
	r := Session{
		Date: d.Date, SessionID: d.SessionID, UserID: d.UserID, DeviceID: d.DeviceID, StartedAt: d.StartedAt, EndedAt: d.EndedAt,
		DurationSeconds: d.DurationSeconds, EngagedSeconds: d.EngagedSeconds,
		EventCount: d.EventCount, BackgroundCount: d.BackgroundCount, ScreenViews: d.ScreenViews,
		CrashCount: d.CrashCount, KeyEventCount: d.KeyEventCount,
		IsEngaged: d.IsEngaged, IsBounce: d.IsBounce, IsCounted: d.IsCounted,
		Platform: d.Platform, Country: d.Country, AppVersion: d.AppVersion,
	}
	if of != nil {
		r.DistinctScreens = of.DistinctScreens
		r.IsFirstSession, r.SecondsSincePrevious, r.IsAfterCrash = of.IsFirstSession, of.SecondsSincePrevious, of.IsAfterCrash
		r.EndReason, r.OSVersion, r.DeviceModel = of.EndReason, of.OSVersion, of.DeviceModel
		if of.EndedAt == d.EndedAt {
			// The part is the whole.
			r.ForegroundSeconds, r.CrashCorrectedSeconds = of.ForegroundSeconds, of.CrashCorrectedSeconds
		}
	}
	return r
}
