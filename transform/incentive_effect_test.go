package transform_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// A guest is somebody of a made-up population, day by day since the first
// session, on which everybody is active.
type guest struct {
	first   int // day of the first session, from 0
	heldOut bool
	active  []bool // by day since first
	reached []bool
}

// populate draws people of whom every second one is keen and comes on three
// days of ten, the others on one of a hundred. On days on which they are
// active the coupon is shown to all who are not held out. The others who have
// had it come on more of all later days, by lift: it only ever helps. But by
// bringing them back it makes the users of a day less keen than those of
// control.
func populate(random *rand.Rand, people, days int, lift float64) []guest {
	all := make([]guest, people)
	for i := range all {
		p := &all[i]
		p.first, p.heldOut = random.IntN(days), random.IntN(2) == 0
		daily, more := 0.01, lift
		if random.IntN(2) == 0 {
			daily, more = 0.3, 0
		}
		had := false
		for n := range days - p.first {
			chance := daily
			if had {
				chance += more
			}
			active := n == 0 || random.Float64() < chance
			reached := active && !p.heldOut
			p.active, p.reached = append(p.active, active), append(p.reached, reached)
			had = had || reached
		}
	}
	return all
}

// on is the guest at the end of a day; nil before the first session.
func (p *guest) on(day, id int) *transform.UserDay {
	n := day - p.first
	if n < 0 {
		return nil
	}
	date := func(day int) calendar.Day { return today + calendar.Day(day) }
	u := &transform.User{Date: date(day), UserID: fmt.Sprint(id), FirstSeen: date(p.first), SessionsTotal: 1}
	coupon := transform.UserEvent{Event: "coupon", FirstDate: date(p.first)}
	for ago := 0; ago <= min(n, 60); ago++ {
		if p.active[n-ago] {
			u.ActiveDays |= active(ago)
		}
		if p.reached[n-ago] {
			coupon.Days |= active(ago)
		}
	}
	d := &transform.UserDay{User: u, Events: []transform.UserEvent{coupon}}
	if p.heldOut {
		d.Events[0] = transform.UserEvent{Event: "held_out", FirstDate: date(p.first), Days: active(n)}
	}
	return d
}

// What is called causal finds the effect that is there, and does not say that
// a coupon which only helps does harm.
func TestCausalDifferencesCoverThePlantedEffect(t *testing.T) {
	const days, returnDays, lift = 60, 3, 0.1
	asked := transform.Analysis{Incentives: []transform.Incentive{
		{Name: "coupon", Events: []string{"coupon"}, ReturnDays: returnDays, Holdout: transform.Holdout{Event: "held_out"}},
	}}
	away := func(daily float64) float64 { return math.Pow(1-daily, returnDays) }
	planted := (away(0.01) - away(0.01+lift)) / 2

	population := populate(rand.New(rand.NewPCG(7, 7)), 24000, days, lift)
	var cohorts, covering, harm int
	var n, back [2]float64
	for day := returnDays; day < days; day++ {
		tally := transform.NewTally(today+calendar.Day(day), calendar.UTC, asked, "d", true)
		for id := range population {
			if d := population[id].on(day, id); d != nil {
				tally.Add(d)
			}
		}
		for _, r := range tally.Tables().DailyIncentives {
			if !r.IsCausal {
				continue
			}
			side := 0
			if r.Group == "control" {
				side = 1
			}
			n[side] += float64(r.Users)
			back[side] += float64(r.Returned)
			if r.Difference == nil {
				continue
			}
			cohorts++
			if *r.Low <= planted && planted <= *r.High {
				covering++
			}
			if *r.High < 0 {
				harm++
			}
		}
	}
	// Of 57 cohorts 95 % cover it; fewer than 50 do once in a thousand times.
	if cohorts != days-returnDays || covering < 50 || harm > cohorts/40 {
		t.Errorf("%d cohorts, of which %d cover the planted %.3f and %d say that the coupon does harm", cohorts, covering, planted, harm)
	}
	p, q := back[0]/n[0], back[1]/n[1]
	half := 1.96 * math.Sqrt(p*(1-p)/n[0]+q*(1-q)/n[1])
	if math.Abs(p-q-planted) > half || n[0]+n[1] > 24000 {
		t.Errorf("together %.3f ± %.3f of %v users, planted %.3f", p-q, half, n, planted)
	}
}
