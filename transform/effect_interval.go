package transform

import (
	"math"
	"slices"
	"time"

	"sojourn/internal/calendar"
)

// effectMethod names what compareSides does.
const effectMethod = "weekday means; t interval over weeks, widened for autocorrelation of days"

// A daily value is a metric on a day, and the users that it is of.
type dailyValue struct {
	day          calendar.Day
	value, users float64
}

// A side is the weeks before a date or after it that have enough days, each
// week with its days in order.
type side [][]dailyValue

// weekDays is how many of its days a week must have to count: with fewer its
// mean is hardly that of a week.
const weekDays = 5

// weeksOf returns the weeks from first on that have enough days.
func weeksOf(values map[calendar.Day]dailyValue, first calendar.Day, weeks int) side {
	var s side
	for w := range weeks {
		var days []dailyValue
		for d := range calendar.Day(week) {
			if v, ok := values[first+calendar.Day(w*week)+d]; ok {
				days = append(days, v)
			}
		}
		if len(days) >= weekDays {
			s = append(s, days)
		}
	}
	return s
}

// without leaves out the weekdays that have no mean.
func (s side) without(means *[week]float64) side {
	var kept side
	for _, w := range s {
		w = slices.DeleteFunc(slices.Clone(w), func(v dailyValue) bool { return math.IsNaN(means[v.day.Weekday()]) })
		if len(w) > 0 {
			kept = append(kept, w)
		}
	}
	return kept
}

func (s side) days() (n int) {
	for _, w := range s {
		n += len(w)
	}
	return n
}

// usersPerDay is nil without days.
func (s side) usersPerDay() *float64 {
	sum := 0.0
	for _, w := range s {
		for _, v := range w {
			sum += v.users
		}
	}
	return ratio(sum, float64(s.days()))
}

// weekdayMeans returns the mean of each weekday, Sunday first; NaN for one
// without days.
func (s side) weekdayMeans() *[week]float64 {
	means := [week]float64{}
	n := [week]float64{}
	for d := range means {
		means[d] = math.NaN()
	}
	for _, w := range s {
		for _, v := range w {
			d := v.day.Weekday()
			if n[d]++; n[d] == 1 {
				means[d] = v.value
			} else {
				means[d] += (v.value - means[d]) / n[d] // leaves equal values as they are
			}
		}
	}
	return &means
}

// An estimate is a metric on two sides of a date.
type estimate struct {
	before, after, change, low, high float64
}

// compareSides sets two sides of at least two weeks each beside each other,
// weekday by weekday: docs/interventions.md, Interval. Both have the same
// weekdays.
func compareSides(before, after side) estimate {
	meansBefore, meansAfter := before.weekdayMeans(), after.weekdayMeans()
	var e estimate
	n := 0.0
	for d := range week {
		if !math.IsNaN(meansBefore[d]) && !math.IsNaN(meansAfter[d]) {
			n++
			e.before += (meansBefore[d] - e.before) / n
			e.after += (meansAfter[d] - e.after) / n
		}
	}
	e.change = e.after - e.before

	// What is usual for a weekday is that of both sides, so that a week that
	// lacks a day is not taken for a better or a worse one.
	usual := func(d time.Weekday) float64 { return (meansBefore[d] + meansAfter[d]) / 2 }
	squares := before.squares(usual) + after.squares(usual)
	freedom := len(before) + len(after) - 2
	variance := squares / float64(freedom) * (1/float64(len(before)) + 1/float64(len(after)))
	variance *= max(1, widening(before, after, autocorrelation(before, after)))
	half := studentT[freedom] * math.Sqrt(variance)

	nothing := dust * max(math.Abs(e.before), math.Abs(e.after))
	if math.Abs(e.change) <= nothing {
		e.change = 0
	}
	if half <= nothing {
		half = 0
	}
	e.low, e.high = e.change-half, e.change+half
	return e
}

// dust is what sums of floating point may leave, relative to a number, where
// all days are alike.
const dust = 1e-9

// squares is the sum of the squared distances of the weeks from their mean,
// each week by how far its days are from what is usual for their weekdays.
func (s side) squares(usual func(time.Weekday) float64) (sum float64) {
	weeks := make([]float64, len(s))
	mean := 0.0
	for i, w := range s {
		for _, v := range w {
			weeks[i] += v.value - usual(v.day.Weekday())
		}
		weeks[i] /= float64(len(w))
		mean += weeks[i] / float64(len(s))
	}
	for _, x := range weeks {
		sum += (x - mean) * (x - mean)
	}
	return sum
}

// autocorrelation is that of days that follow each other, from 0 to 0.9, after
// the weekday means of each side are taken out. Of a short series it comes out
// too low, by about (1 + 4 r) ÷ n, which is added back (Marriott and Pope,
// Bias in the estimation of autocorrelations, Biometrika 41, 1954).
func autocorrelation(sides ...side) float64 {
	var products, squares, n float64
	for _, s := range sides {
		means := s.weekdayMeans()
		var last dailyValue
		for i, w := range s {
			for j, v := range w {
				v.value -= means[v.day.Weekday()]
				squares += v.value * v.value
				n++
				if (i > 0 || j > 0) && last.day+1 == v.day {
					products += v.value * last.value
				}
				last = v
			}
		}
	}
	if squares == 0 {
		return 0
	}
	r := products / squares
	return min(max(r+(1+4*r)/n, 0), 0.9)
}

// widening is by how much the spread of weeks understates the variance of the
// difference of the sides if days at a distance of k have the correlation r^k:
// neighbouring weeks are alike then.
func widening(before, after side, r float64) float64 {
	weeks := append(slices.Clone(before), after...)
	last := weeks[len(weeks)-1]
	powers := []float64{1}
	for range last[len(last)-1].day - weeks[0][0].day {
		powers = append(powers, r*powers[len(powers)-1])
	}
	k := [2]float64{float64(len(before)), float64(len(after))}
	sideOf := func(i int) int {
		if i < len(before) {
			return 0
		}
		return 1
	}
	var within [2]float64   // sums over all pairs of weeks of a side
	own, across := 0.0, 0.0 // over each week with itself, over pairs of both sides
	for i := range weeks {
		for j := range weeks {
			c := covariance(weeks[i], weeks[j], powers)
			if a := sideOf(i); a == sideOf(j) {
				within[a] += c
			} else {
				across += c
			}
			if i == j {
				own += c
			}
		}
	}
	actual := within[0]/(k[0]*k[0]) + within[1]/(k[1]*k[1]) - across/(k[0]*k[1])
	spread := (own - within[0]/k[0] - within[1]/k[1]) / (k[0] + k[1] - 2)
	return actual / (spread * (1/k[0] + 1/k[1]))
}

// covariance is that of the means of two weeks, in variances of a day. Powers
// are the correlations by distance in days.
func covariance(a, b []dailyValue, powers []float64) (sum float64) {
	for _, x := range a {
		for _, y := range b {
			sum += powers[max(x.day-y.day, y.day-x.day)]
		}
	}
	return sum / float64(len(a)*len(b))
}

// studentT are the 97.5 % points of Student's t by degrees of freedom, as far
// as MaxEffectDays goes: 12 weeks on each side have 22.
var studentT = [...]float64{
	math.Inf(1), 12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010,
	2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739,
}
