package transform

import "fmt"

// An Audit looks through the tables of a day for what cannot be, and for what
// the day comes to. It takes the rows of users some users at a time, so that
// nobody needs to hold all of them; what only two users' rows together can show,
// such as one device in two sessions at once or one session id twice, it sees
// among those.
type Audit struct {
	definition *Definition
	analysis   *Analysis

	users, events int64 // rows of users; events of session_days
	headline      headline
	breaches      []breaches // by identity
}

// breaches are those of one identity.
type breaches struct {
	told  []string
	count int
}

// breachesShown is how many breaches of one identity are told.
const breachesShown = 5

// NewAudit returns an audit of a day that is made under a definition and an
// analysis.
func NewAudit(d *Definition, a *Analysis) *Audit {
	return &Audit{definition: d, analysis: a, breaches: make([]breaches, len(identities))}
}

// AddRows takes the tables that have rows of single users. Users come in order,
// and none of them again.
func (a *Audit) AddRows(t *Tables) {
	a.users += int64(len(t.Users))
	for i := range t.SessionDays {
		a.events += t.SessionDays[i].EventCount
	}
	a.headline.add(t.Sessions)
	a.check(t, true)
}

// AddSums takes the tables that are sums over all users, after all rows.
func (a *Audit) AddSums(t *Tables) {
	for i := range t.DailyLedger {
		a.headline.events += t.DailyLedger[i].Events
	}
	a.check(t, false)
}

func (a *Audit) check(t *Tables, rows bool) {
	for i, identity := range identities {
		if identity.ofRows != rows {
			continue
		}
		of := &a.breaches[i]
		identity.check(t, a, func(format string, args ...any) {
			if of.count++; of.count <= breachesShown {
				of.told = append(of.told, identity.of+": "+fmt.Sprintf(format, args...))
			}
		})
	}
}

// Breaches returns what the tables have in them that cannot be: sentences that
// name the table, none if all is well.
func (a *Audit) Breaches() []string {
	var all []string
	for i := range a.breaches {
		of := &a.breaches[i]
		all = append(all, of.told...)
		if of.count > breachesShown {
			all = append(all, fmt.Sprintf("%s: and %d more of the kind", identities[i].of, of.count-breachesShown))
		}
	}
	return all
}

// Headline returns what the day comes to in a few numbers, by metric: those by
// which revisions of a day are compared. Only counted sessions are in them.
func (a *Audit) Headline() map[string]float64 { return a.headline.byMetric() }

// Breaches returns what an [Audit] of all tables of a day at once finds.
func (t *Tables) Breaches(d *Definition, a *Analysis) []string {
	audit := NewAudit(d, a)
	audit.AddRows(t)
	audit.AddSums(t)
	return audit.Breaches()
}
