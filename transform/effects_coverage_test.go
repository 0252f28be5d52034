package transform_test

import (
	"flag"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// soaking says whether rapid is told to look at many examples, as make soak
// does.
func soaking() bool {
	f := flag.Lookup("rapid.checks")
	n, err := strconv.Atoi(f.Value.String())
	return err == nil && n >= 10_000
}

// A smallApp is an app of which every day is somewhat better or worse than
// the weekday says, and resembles the day before: length and number of visits
// follow such a day, one AR(1) each with a correlation of 0.5.
type smallApp struct {
	rand   *rand.Rand
	longer float64 // what the release multiplies lengths by
}

const (
	leadDays  = 28  // until MAU is full and everybody new is new
	regulars  = 50  // users who come on most days
	newcomers = 24  // users a day, some of whom are back on the next day, and after a week
	meanVisit = 240 // seconds, of a usual day
	daySpread = 0.08
	likeness  = 0.5
)

var (
	longWeekdays = [7]float64{1.25, 0.95, 0.9, 0.9, 0.95, 1, 1.2} // Sunday first
	busyWeekdays = [7]float64{0.8, 0.6, 0.55, 0.55, 0.6, 0.65, 0.75}
)

// longRun is the true mean length of a visit before the release: that of the
// weekdays, and of days that are better or worse by a logarithmic normal.
func longRun() float64 {
	sum := 0.0
	for _, w := range longWeekdays {
		sum += w / 7
	}
	return meanVisit * sum * math.Exp(daySpread*daySpread/2)
}

// run makes the daily tables of the app: events of visits, folded into
// sessions, users taken on from day to day, tallies.
func (a *smallApp) run(t testingT, first, last calendar.Day) (days []transform.Tables) {
	t.Helper()
	folder := transform.NewSessionizer(transform.App(), calendar.UTC)
	digest := folder.Definition().Digest()
	var users []transform.User
	long, busy := a.rand.NormFloat64(), a.rand.NormFloat64()
	for day := range calendar.Days(first, last) {
		long = likeness*long + math.Sqrt(1-likeness*likeness)*a.rand.NormFloat64()
		busy = likeness*busy + math.Sqrt(1-likeness*likeness)*a.rand.NormFloat64()
		mean := meanVisit * longWeekdays[day.Weekday()] * math.Exp(daySpread*long)
		if day >= release {
			mean *= a.longer
		}
		chance := min(0.97, busyWeekdays[day.Weekday()]*math.Exp(daySpread*busy))

		for i := range newcomers {
			users = append(users, transform.User{UserID: fmt.Sprintf("new-%d-%d", day, i)})
		}
		if day == first {
			for i := range regulars {
				users = append(users, transform.User{UserID: fmt.Sprintf("regular-%02d", i)})
			}
		}
		// Nobody counts who has been away for so long.
		users = slices.DeleteFunc(users, func(u transform.User) bool { return u.LastSeen != 0 && u.LastSeen < day-28 })
		tally := transform.NewTally(day, transform.Analysis{}, digest, true)
		for i := range users {
			u := &users[i]
			comes := 0.0
			switch {
			case u.UserID[0] == 'r':
				comes = chance
			case u.FirstSeen == 0:
				comes = 1
			case u.FirstSeen == day-1:
				comes = chance / 2
			case u.FirstSeen == day-7:
				comes = chance / 4
			}
			var sessions []transform.Session
			if a.rand.Float64() < comes {
				sessions = folder.Fold(nil, a.visits(day, u.UserID, mean), day).Began
			}
			*u = u.Next(day, sessions, nil, 0, digest)
			tally.Add(&transform.UserDay{User: u, Sessions: sessions})
		}
		days = append(days, tally.Tables())
	}
	return days
}

// visits are the events of a user's one to three visits of a day: taps at most
// 20 minutes apart, in a visit of exponential length, every few hours.
func (a *smallApp) visits(day calendar.Day, user string, mean float64) (events []transform.Event) {
	const minute = int64(60e6)
	at := calendar.UTC.Start(day) + int64(a.rand.IntN(6*60))*minute
	tap := func(at int64) {
		events = append(events, transform.Event{
			DeviceID: user, UserID: user, ID: strconv.Itoa(len(events)), Name: "tap", At: at, EngagedMillis: -1, Attributes: transform.NoAttributes,
		})
	}
	for range 1 + a.rand.IntN(3) {
		length := int64(a.rand.ExpFloat64() * mean * 1e6)
		tap(at)
		for passed := 20 * minute; passed < length; passed += 20 * minute {
			tap(at + passed)
		}
		tap(at + length)
		at += 5 * 60 * minute
	}
	return events
}

// coverage counts how often a value is inside of the interval.
type coverage struct {
	inside, of int
	changed    int // verdicts that something changed
}

func (c *coverage) add(t testingT, r transform.InterventionEffect, truth float64) {
	t.Helper()
	if r.Low == nil {
		t.Fatal(r.Sentence)
	}
	c.of++
	if *r.Low <= truth && truth <= *r.High {
		c.inside++
	}
	if r.Verdict == transform.Increase || r.Verdict == transform.Decrease {
		c.changed++
	}
}

func (c *coverage) String() string {
	return fmt.Sprintf("inside %d of %d (%.1f %%), told as changes %d", c.inside, c.of, 100*float64(c.inside)/float64(c.of), c.changed)
}

// check fails if the truth is inside less often than intervals of nearly 95 %
// may by chance, or if intervals are so wide that it always is in very many.
func (c *coverage) check(t *testing.T, what string) {
	t.Helper()
	t.Logf("%s: %s", what, c)
	n := float64(c.of)
	if least := 0.94*n - 3*math.Sqrt(0.95*0.05*n); float64(c.inside) < least {
		t.Errorf("%s: inside %d of %d, want %.0f at least", what, c.inside, c.of, least)
	}
	if c.of >= 200 && c.inside == c.of {
		t.Errorf("%s: always inside: the intervals are too wide", what)
	}
}

// Sessions of generated events, folded and tallied day by day: intervals hold
// the truth about as often as they promise, be it that nothing changed or that
// lengths rose by 30 %, and such a rise is told as one.
func TestIntervalsHoldTheTruthOfSessions(t *testing.T) {
	seeds := 20
	if soaking() {
		seeds = 200
	}
	none, planted := map[string]*coverage{}, &coverage{}
	found := 0
	for seed := range uint64(seeds) {
		for _, longer := range []float64{1, 1.3} {
			if longer > 1 && seed%4 > 0 && !soaking() {
				continue
			}
			app := smallApp{rand.New(rand.NewPCG(seed, 7)), longer}
			days := app.run(t, release-28-leadDays-8, release+28+7)
			for _, r := range transform.Effects([]transform.Intervention{newRelease()}, days, days[0].Day, "d") {
				switch {
				case longer == 1:
					if none[r.Metric] == nil {
						none[r.Metric] = &coverage{}
					}
					none[r.Metric].add(t, r, 0)
				case r.Metric == "duration_mean_seconds":
					planted.add(t, r, 0.3*longRun())
					if r.Verdict == transform.Increase {
						found++
					}
				}
			}
		}
	}
	for _, metric := range slices.Sorted(maps.Keys(none)) {
		none[metric].check(t, metric+" without effect")
	}
	planted.check(t, "mean duration with +30 %")
	if found < planted.of*9/10 {
		t.Errorf("a rise of 30 %% is told as one %d times in %d", found, planted.of)
	}
}

// Simulated daily values instead of sessions: normal, with weekdays that
// differ, an AR(1) from day to day, and no effect; for windows of all lengths.
func TestIntervalsHoldTheTruthOfAutocorrelatedDays(t *testing.T) {
	times := 50
	if soaking() {
		times = 2000
	}
	for _, window := range []int{14, 28, 56, 84} {
		for _, likeness := range []float64{0, 0.3, 0.5, 0.7} {
			r := rand.New(rand.NewPCG(uint64(window), uint64(10*likeness)))
			v := newRelease()
			v.Days = window
			var c coverage
			for range times {
				x := r.NormFloat64()
				days := make([]transform.Tables, 0, 2*window+1)
				for day := range calendar.Days(release-calendar.Day(window), release+calendar.Day(window)) {
					x = likeness*x + math.Sqrt(1-likeness*likeness)*r.NormFloat64()
					days = append(days, dayOf(day, 300+20*float64(day.Weekday())+20*x))
				}
				c.add(t, effectOn(t, "duration_mean_seconds", v, days), 0)
			}
			c.check(t, fmt.Sprintf("%d days, correlation %.1f", window, likeness))
		}
	}
}
