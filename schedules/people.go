package schedules

import (
	"reflect"
	"slices"
	"sort"

	"sojourn/transform"
)

// people are what a day has of some users, each list in the order of its table.
type people struct {
	sessions []transform.Session
	days     []transform.SessionDay
	steps    []transform.Step

	users        []transform.User
	userEvents   []transform.UserEvent
	userFeatures []transform.UserFeature
	userFunnels  []transform.UserFunnel
	retention    []transform.UserRetention
}

// lists are some of those of people.
type lists uint8

const (
	sessionLists lists = 1 << iota // sessions
	dayLists                       // and so on
	stepLists
	userLists
	eventLists
	featureLists
	funnelLists
	retentionLists

	histories = userLists | eventLists | featureLists | funnelLists | retentionLists
	allLists  = sessionLists | dayLists | stepLists | histories
)

// only returns some of the lists.
func (p *people) only(some lists) (of people) {
	pick(some, sessionLists, p.sessions, &of.sessions)
	pick(some, dayLists, p.days, &of.days)
	pick(some, stepLists, p.steps, &of.steps)
	pick(some, userLists, p.users, &of.users)
	pick(some, eventLists, p.userEvents, &of.userEvents)
	pick(some, featureLists, p.userFeatures, &of.userFeatures)
	pick(some, funnelLists, p.userFunnels, &of.userFunnels)
	pick(some, retentionLists, p.retention, &of.retention)
	return of
}

func pick[R any](some, which lists, rows []R, into *[]R) {
	if some&which != 0 {
		*into = rows
	}
}

// bytes is about what the rows take in memory, but for their texts.
func (p *people) bytes() int {
	return sizeOf(p.sessions) + sizeOf(p.days) + sizeOf(p.steps) +
		sizeOf(p.users) + sizeOf(p.userEvents) + sizeOf(p.userFeatures) + sizeOf(p.userFunnels) + sizeOf(p.retention)
}

func sizeOf[R any](rows []R) int { return len(rows) * int(reflect.TypeFor[R]().Size()) }

// first returns the first of the users, "" if there is none.
func (p *people) first() string {
	first := ""
	for _, user := range []string{
		firstOf(p.sessions, ofSession), firstOf(p.days, ofSessionDay), firstOf(p.steps, ofStep),
		firstOf(p.users, ofUserRow), firstOf(p.userEvents, ofUserEvent), firstOf(p.userFeatures, ofUserFeature), firstOf(p.userFunnels, ofUserFunnel),
		firstOf(p.retention, ofUserRetention),
	} {
		if user != "" && (first == "" || user < first) {
			first = user
		}
	}
	return first
}

func firstOf[R any](rows []R, user func(*R) string) string {
	if len(rows) == 0 {
		return ""
	}
	return user(&rows[0])
}

// last returns the last of the users, "" if there is none.
func (p *people) last() string {
	return max(
		lastOf(p.sessions, ofSession), lastOf(p.days, ofSessionDay), lastOf(p.steps, ofStep),
		lastOf(p.users, ofUserRow), lastOf(p.userEvents, ofUserEvent), lastOf(p.userFeatures, ofUserFeature), lastOf(p.userFunnels, ofUserFunnel),
		lastOf(p.retention, ofUserRetention),
	)
}

func lastOf[R any](rows []R, user func(*R) string) string {
	if len(rows) == 0 {
		return ""
	}
	return user(&rows[len(rows)-1])
}

// cut returns what there is of the users up to one, and of those after.
func (p *people) cut(user string) (mine, rest people) {
	mine.sessions, rest.sessions = cutRows(p.sessions, user, ofSession)
	mine.days, rest.days = cutRows(p.days, user, ofSessionDay)
	mine.steps, rest.steps = cutRows(p.steps, user, ofStep)
	mine.users, rest.users = cutRows(p.users, user, ofUserRow)
	mine.userEvents, rest.userEvents = cutRows(p.userEvents, user, ofUserEvent)
	mine.userFeatures, rest.userFeatures = cutRows(p.userFeatures, user, ofUserFeature)
	mine.userFunnels, rest.userFunnels = cutRows(p.userFunnels, user, ofUserFunnel)
	mine.retention, rest.retention = cutRows(p.retention, user, ofUserRetention)
	return mine, rest
}

func cutRows[R any](rows []R, upTo string, user func(*R) string) (mine, rest []R) {
	n := sort.Search(len(rows), func(i int) bool { return user(&rows[i]) > upTo })
	return rows[:n:n], rows[n:]
}

// joined returns what there is of several people, whose users are in order.
func joined(all []people) people {
	if len(all) == 1 {
		return all[0]
	}
	return people{
		sessions:     joinRows(all, func(p *people) []transform.Session { return p.sessions }),
		days:         joinRows(all, func(p *people) []transform.SessionDay { return p.days }),
		steps:        joinRows(all, func(p *people) []transform.Step { return p.steps }),
		users:        joinRows(all, func(p *people) []transform.User { return p.users }),
		userEvents:   joinRows(all, func(p *people) []transform.UserEvent { return p.userEvents }),
		userFeatures: joinRows(all, func(p *people) []transform.UserFeature { return p.userFeatures }),
		userFunnels:  joinRows(all, func(p *people) []transform.UserFunnel { return p.userFunnels }),
		retention:    joinRows(all, func(p *people) []transform.UserRetention { return p.retention }),
	}
}

// joinRows copies only where several have rows.
func joinRows[R any](all []people, of func(*people) []R) []R {
	var lists [][]R
	for i := range all {
		if rows := of(&all[i]); len(rows) > 0 {
			lists = append(lists, rows)
		}
	}
	if len(lists) == 1 {
		return lists[0]
	}
	return slices.Concat(lists...)
}

func ofSession(r *transform.Session) string             { return r.UserID }
func ofSessionDay(r *transform.SessionDay) string       { return r.UserID }
func ofStep(r *transform.Step) string                   { return r.UserID }
func ofUserRow(r *transform.User) string                { return r.UserID }
func ofUserEvent(r *transform.UserEvent) string         { return r.UserID }
func ofUserFeature(r *transform.UserFeature) string     { return r.UserID }
func ofUserFunnel(r *transform.UserFunnel) string       { return r.UserID }
func ofUserRetention(r *transform.UserRetention) string { return r.UserID }

// A reach is how far something in the order of users has been looked at: up to
// the rows of a user, all of which are there.
type reach struct {
	user string
	all  bool // and there is nothing after
	none bool // nor before
}

// meet returns the user up to whom all of them have been looked at; ok is false
// if nothing is left.
func meet(reaches ...reach) (user string, ok bool) {
	least, most, all := "", "", true
	for _, r := range reaches {
		switch {
		case r.none:
			continue
		case !r.all && (all || r.user < least):
			least, all = r.user, false
		}
		most, ok = max(most, r.user), true
	}
	if all {
		return most, ok
	}
	return least, ok
}

// A crowd is what a day has of all users, in order, read some users at a time.
type crowd struct {
	next  func() (people, error) // what there is of the users after those before; none at the end
	held  []people               // not taken yet
	bytes int                    // of those
	ended bool
}

// peek reads on until about so many bytes are held, and returns how far they
// reach. Of people who alone are as many, such as a bot, it tells once they come
// first: they are not to be copied together with others.
func (c *crowd) peek(bytes int) (reach, error) {
	for !c.ended && c.bytes < bytes {
		if err := c.read(); err != nil {
			return reach{}, err
		}
	}
	last := len(c.held) - 1
	if last < 0 {
		return reach{none: true}, nil
	}
	if last > 0 && c.held[last].bytes() >= bytes {
		return reach{user: c.held[last-1].last()}, nil
	}
	return reach{user: c.held[last].last(), all: c.ended}, nil
}

// upTo takes what there is of the users up to one.
func (c *crowd) upTo(user string) (people, error) {
	var taken []people
	for {
		for len(c.held) == 0 && !c.ended {
			if err := c.read(); err != nil {
				return people{}, err
			}
		}
		if c.ended && len(c.held) == 0 {
			break
		}
		first := &c.held[0]
		mine, rest := first.cut(user)
		taken = append(taken, mine)
		c.bytes -= mine.bytes()
		if *first = rest; rest.bytes() > 0 {
			break
		}
		c.held = c.held[1:]
	}
	return joined(taken), nil
}

func (c *crowd) read() error {
	p, err := c.next()
	if err != nil {
		return err
	}
	if n := p.bytes(); n > 0 {
		c.held, c.bytes = append(c.held, p), c.bytes+n
	} else {
		c.ended = true
	}
	return nil
}
