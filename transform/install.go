package transform

import "sojourn/internal/calendar"

// open notes when the app was first used: a session of nothing but installs
// shows that it arrived on a device, not that anybody opened it.
func (u *User) open(r *Session) {
	if r.FirstUseAt == 0 || u.FirstOpened != 0 && u.FirstOpened != u.Date {
		return
	}
	if u.FirstOpened == 0 || r.FirstUseAt < u.FirstOpenedAt {
		u.FirstOpened, u.FirstOpenedAt = u.Date, r.FirstUseAt
	}
}

// NoteInstalls completes the users of a day with what is known of their
// installs. All arguments are of one day and sorted by user.
//
// An install is a user's first if no session began on an earlier day; a
// session that was in progress at midnight and has it is no earlier one.
func NoteInstalls(users []User, events []UserEvent, steps []Step) {
	for i := range users {
		u := &users[i]
		for len(events) > 0 && events[0].UserID < u.UserID {
			events = events[1:]
		}
		for len(steps) > 0 && steps[0].UserID < u.UserID {
			steps = steps[1:]
		}
		n := 0
		for n < len(events) && events[n].UserID == u.UserID {
			n++
		}
		seen := installsOf(events[:n])
		u.Installs = seen.total
		if u.InstalledAt != 0 || seen.total == 0 {
			continue
		}
		isFirst := u.FirstSeen >= seen.date
		for k := 0; k < len(steps) && steps[k].UserID == u.UserID; k++ {
			isFirst = isFirst || steps[k].Role == string(Install) && steps[k].At == seen.at && steps[k].SessionID == u.FirstSessionID
		}
		if isFirst {
			u.InstalledAt, u.InstalledDate = seen.at, seen.date
		}
	}
}

// installs are a user's installs so far.
type installs struct {
	at           int64        // of the first; 0 if there is none
	date         calendar.Day // local day of that
	today, total int64
}

func installsOf(events []UserEvent) installs {
	var all installs
	for i := range events {
		e := &events[i]
		if e.Role != string(Install) {
			continue
		}
		if all.total == 0 || e.FirstAt < all.at {
			all.at, all.date = e.FirstAt, e.FirstDate
		}
		all.today += e.Today
		all.total += e.Total
	}
	return all
}
