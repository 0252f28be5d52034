package transform

// headline is what a day comes to in a few numbers.
type headline struct {
	sessions, users, newUsers, crashed, events int64
	length                                     int64  // microseconds
	last                                       string // user
}

// add adds sessions, which come sorted by user.
func (h *headline) add(sessions []Session) {
	for i := range sessions {
		s := &sessions[i]
		if !s.IsCounted {
			continue
		}
		h.sessions++
		if h.sessions == 1 || s.UserID != h.last {
			h.users++
			h.last = s.UserID
		}
		if s.IsFirstSession {
			h.newUsers++
		}
		if s.CrashCount > 0 {
			h.crashed++
		}
		if s.DurationSeconds != nil {
			h.length += micros(*s.DurationSeconds)
		}
	}
}

func (h *headline) byMetric() map[string]float64 {
	return map[string]float64{
		"sessions": float64(h.sessions), "users_with_sessions": float64(h.users), "new_users": float64(h.newUsers), "crashed_sessions": float64(h.crashed),
		"duration_seconds": float64(h.length) / 1e6, "events_staged": float64(h.events),
	}
}
