package transform

// A push is one that reached a user or was opened.
type push struct {
	at       int64
	campaign string
}

// pushes returns the pushes of a role that a session of the day may follow, in
// order of time: the last before the day and all of the day.
func (u *UserDay) pushes(role Role) []push {
	var list []push
	for i := range u.Events {
		e := &u.Events[i]
		if e.Role != string(role) || e.BeforeAt == 0 {
			continue
		}
		before := push{e.BeforeAt, e.BeforeCampaign}
		switch {
		case len(list) == 0:
			list = append(list, before)
		case list[0].at <= before.at:
			list[0] = before
		}
	}
	for i := range u.Steps {
		if u.Steps[i].Role == string(role) {
			list = append(list, push{u.Steps[i].At, u.Steps[i].Campaign})
		}
	}
	return list
}

// lastOf returns the last of pushes, in order of time, at most window before
// an instant or at it; nil if there is none.
func lastOf(pushes []push, at, window int64) *push {
	for i := len(pushes) - 1; i >= 0; i-- {
		if p := &pushes[i]; p.at <= at {
			if p.at < at-window {
				return nil
			}
			return p
		}
	}
	return nil
}

// openingMicros is how much of a session may have passed when the push that
// brought it is seen to be opened: many trackers send that the app came to the
// foreground first. docs/returning.md#pushes-daily_push.
const openingMicros = 60_000_000

// openedIn returns the first push that was opened in a session of the day in
// its first minute; nil if none was.
func (u *UserDay) openedIn(r *Session) *push {
	for _, steps := range [...][]Step{u.Steps, u.Later} {
		for i := range steps {
			s := &steps[i]
			if s.Role != string(PushOpen) || s.SessionID != r.SessionID {
				continue
			}
			if after := s.At - r.StartedAt; 0 <= after && after < openingMicros {
				return &push{s.At, s.Campaign}
			}
		}
	}
	return nil
}

// had says whether a push of a role was ever seen of the user.
func (u *UserDay) had(role Role) bool {
	for i := range u.Events {
		if u.Events[i].Role == string(role) {
			return true
		}
	}
	return false
}
