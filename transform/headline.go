package transform

// Headline returns what the day comes to in a few numbers, by metric: those by
// which revisions of a day are compared. Only counted sessions are in them.
func (t *Tables) Headline() map[string]float64 {
	var sessions, users, newUsers, crashed, events float64
	var length int64 // microseconds
	last := ""
	for i := range t.Sessions {
		s := &t.Sessions[i]
		if !s.IsCounted {
			continue
		}
		sessions++
		if sessions == 1 || s.UserID != last {
			users++
			last = s.UserID
		}
		if s.IsFirstSession {
			newUsers++
		}
		if s.CrashCount > 0 {
			crashed++
		}
		if s.DurationSeconds != nil {
			length += micros(*s.DurationSeconds)
		}
	}
	for i := range t.DailyLedger {
		events += float64(t.DailyLedger[i].Events)
	}
	return map[string]float64{
		"sessions": sessions, "users_with_sessions": users, "new_users": newUsers, "crashed_sessions": crashed,
		"duration_seconds": float64(length) / 1e6, "events_staged": events,
	}
}
