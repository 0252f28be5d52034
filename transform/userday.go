package transform

// A UserDay is one user on one day, as the daily tables see it.
type UserDay struct {
	// User is the history at the end of the day. It has no sessions at all
	// (FirstSeen is zero) if only steps outside of sessions are known.
	*User
	Sessions []Session        // that count on the day, in order of start; also those with IsCounted false
	Parts    []SessionDay     // what happened on the day in sessions, by session id
	Began    []Session        // that began on the day, as a whole, likewise
	Steps    []Step           // of the day, in order
	Later    []Step           // of later days, in order, as far as they are in sessions that began on the day
	Visits   []Visit          // of the day, as [AppendVisits] makes them
	Events   []UserEvent      // known at the end of the day, by name
	Features []UserFeature    // likewise
	Funnels  []UserFunnel     // attempts known at the end of the day, by funnel
	After    map[string]After // by session id, of sessions that go on after the day; of other users too
	Next     Return

	Retention []UserRetention // known at the end of the day, by retention and cohort

	attempts []attempt // at the funnels of which the day has rows
}

// isInApp says whether the user was in a session on the day that counts on it.
func (u *UserDay) isInApp() bool {
	for i := range u.Parts {
		if u.Parts[i].Counts() {
			return true
		}
	}
	return false
}

// hasBegun says whether a session of the user's began on the day and counts.
func (u *UserDay) hasBegun(s *Session) bool {
	if !s.IsCounted {
		return false
	}
	part := partOf(u.Parts, s.SessionID)
	return part == nil || part.SessionDate == part.Date
}

// Return says whether a user began a session on the day after the tally's.
type Return int8

// What is known of the next day. Unknown is right also when that day has no
// data at all: nobody can be seen returning then.
const (
	Unknown Return = iota
	Stayed         // no session on the next day
	Returned
)
