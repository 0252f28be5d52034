package generate

// A Summary counts what was generated. Lines = Events + Duplicates + BadLines,
// and Events = those in sessions + Outside + Future.
type Summary struct {
	Objects  int64 `json:"objects"` // the truncated one included
	Lines    int64 `json:"lines"`   // that can be read from the objects
	Events   int64 `json:"events"`  // different ones
	Users    int64 `json:"users"`   // different user ids of sessions
	Devices  int64 `json:"devices"`
	Sessions int64 `json:"sessions"`

	CrossMidnight  int64 `json:"cross_midnight"`   // sessions that end on a later reporting day than they began
	AfterEnd       int64 `json:"after_end"`        // sessions that begin soon after an explicit end
	UserChanges    int64 `json:"user_changes"`     // sessions that begin because someone else took over
	Capped         int64 `json:"capped"`           // sessions that begin because the one before lasted 24 hours
	LongestPauses  int64 `json:"longest_pauses"`   // pauses in a session of 30 minutes, or a millisecond less
	ShortestPauses int64 `json:"shortest_pauses"`  // sessions that begin 30 minutes and a millisecond after the one before
	Crashes        int64 `json:"crashes"`          // events
	Pushes         int64 `json:"pushes"`           // received
	Outside        int64 `json:"outside_sessions"` // background events with no session near

	Duplicates       int64 `json:"duplicates"`        // lines that repeat an earlier one, those in the truncated object included
	Late             int64 `json:"late"`              // events received a day or more after they say that they happened
	OfflineUploads   int64 `json:"offline_uploads"`   // sessions
	SlowClocks       int64 `json:"slow_clocks"`       // devices that are 3 hours behind
	Future           int64 `json:"future"`            // events of clocks that are 400 days ahead
	Bots             int64 `json:"bots"`              // devices
	BadLines         int64 `json:"bad_lines"`         // damaged copies of events
	TruncatedObjects int64 `json:"truncated_objects"` // gzip objects that break off; all their lines are elsewhere too
}

// countLife adds what is known before the events are on their way.
func (s *Summary) countLife(w *world, l *life) {
	s.Sessions += int64(len(l.sessions))
	s.Events += int64(len(l.events))
	users, devices := map[string]bool{}, map[string]bool{}
	for i := range l.sessions {
		session := &l.sessions[i]
		users[session.UserID] = true
		if w.Zone.DayOf(session.EndedAt*1000) > session.Date {
			s.CrossMidnight++
		}
		if session.Offline {
			s.OfflineUploads++
		}
		switch session.StartReason {
		case "after_end":
			s.AfterEnd++
		case "user_change":
			s.UserChanges++
		case "cap":
			s.Capped++
		}
	}
	s.Users += int64(len(users))
	var before *event // the activity before
	for i := range l.events {
		e := &l.events[i]
		devices[e.visit.device.id] = true
		switch {
		case e.fate() == Outside:
			s.Outside++
		case e.fate() == Future:
			s.Future++
		}
		switch e.kind {
		case pushReceived:
			s.Pushes++
		case appCrash:
			s.Crashes++
		}
		if e.kind.inBackground() {
			continue
		}
		if before != nil && before.visit.device == e.visit.device {
			switch pause := e.stated() - before.stated(); {
			case pause == timeout+1:
				s.ShortestPauses++
			case pause == timeout || pause == timeout-1:
				s.LongestPauses++
			}
		}
		before = e
	}
	s.Devices += int64(len(devices))
	switch l.role {
	case botUser:
		s.Bots++
	case slowUser:
		s.SlowClocks++
	}
}
