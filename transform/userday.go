package transform

// A UserDay is one user on one day, as the daily tables see it.
type UserDay struct {
	// User is the history at the end of the day. It has no sessions at all
	// (FirstSeen is zero) if only steps outside of sessions are known.
	*User
	Sessions []Session   // that count on the day, in order of start; also those with IsCounted false
	Began    []Session   // that began on the day, as a whole, likewise
	Steps    []Step      // of the day, in order
	Later    []Step      // of later days, in order, as far as they are in sessions that began on the day
	Events   []UserEvent // known at the end of the day, by name
	Next     Return

	lasting bool // attributes count also while the user is away
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
