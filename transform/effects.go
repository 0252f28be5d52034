package transform

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// Effects returns the rows of intervention_effects, by intervention and metric.
// Days are the daily tables of final days in order, those of the interventions'
// spans at least as far as they are there; first is the first day with data.
// The formulas: docs/interventions.md.
func Effects(interventions []Intervention, days []Tables, first calendar.Day, digest string) []InterventionEffect {
	var rows []InterventionEffect
	for i := range interventions {
		v := &interventions[i]
		var others []calendar.Day
		for j := range interventions {
			if j != i && interventions[j].Day != v.Day {
				others = append(others, interventions[j].Day)
			}
		}
		for _, m := range effectMetrics() {
			row := v.effect(m, m.values(v, days, first), others)
			row.DefinitionDigest = digest
			rows = append(rows, row)
		}
	}
	slices.SortFunc(rows, func(a, b InterventionEffect) int {
		return cmp.Or(strings.Compare(a.Intervention, b.Intervention), strings.Compare(a.Metric, b.Metric))
	})
	return rows
}

// values are the metric's values by the day they are of.
func (m *effectMetric) values(v *Intervention, days []Tables, first calendar.Day) map[calendar.Day]dailyValue {
	values := map[calendar.Day]dailyValue{}
	for i := range days {
		day := days[i].Day - m.lag
		if day < first+m.lead {
			continue
		}
		if value, users, ok := m.value(&days[i], v); ok {
			values[day] = dailyValue{day, value, users}
		}
	}
	return values
}

// effect is the row of a metric, given the days of other interventions.
func (v *Intervention) effect(m effectMetric, values map[calendar.Day]dailyValue, others []calendar.Day) InterventionEffect {
	before, after := v.sides(m, values, v.Day)
	row := InterventionEffect{
		Intervention: v.Name, Metric: m.name, Date: v.Day, What: v.What, Cut: cmp.Or(v.Cut, total), Segment: v.Segment, Unit: m.unit,
		WindowDays: int64(v.Days), DaysBefore: int64(before.days()), DaysAfter: int64(after.days()),
		UsersBefore: before.usersPerDay(), UsersAfter: after.usersPerDay(),
		Method: effectMethod, Verdict: TooLittleData,
	}
	if v.suffice(before, after) {
		e := compareSides(before, after)
		row.Before, row.After, row.Change, row.Low, row.High = &e.before, &e.after, &e.change, &e.low, &e.high
		row.Relative = ratio(e.change, e.before)
		dates, asLarge := v.placebo(m, values, others, e.change)
		row.PlaceboDates, row.PlaceboAsLarge = &dates, &asLarge
		row.Verdict = NoClearChange
		if usual := dates > 0 && 4*asLarge >= dates; !usual {
			switch {
			case e.low > 0:
				row.Verdict = Increase
			case e.high < 0:
				row.Verdict = Decrease
			}
		}
	}
	row.Sentence = row.inWords(m.noun, v.MinUsers)
	return row
}

// sides are the weeks on both sides of a date. What is known only days later
// is before the date only if it was known before it: cohorts that return on the
// date or later may have been moved by what happened on it.
func (v *Intervention) sides(m effectMetric, values map[calendar.Day]dailyValue, date calendar.Day) (before, after side) {
	weeks := v.Days / week
	before = weeksOf(values, date-m.lag-calendar.Day(v.Days), weeks)
	after = weeksOf(values, date+1, weeks)
	meansBefore, meansAfter := before.weekdayMeans(), after.weekdayMeans()
	if len(before) == 0 || len(after) == 0 {
		return before, after // how many days there are is worth saying
	}
	return before.without(meansAfter), after.without(meansBefore)
}

// suffice says whether there is enough on both sides to compare.
func (v *Intervention) suffice(sides ...side) bool {
	for _, s := range sides {
		if len(s) < 2 || *s.usersPerDay() < float64(v.MinUsers) {
			return false
		}
	}
	return true
}

// placebo does the same at earlier dates, a week apart and all of whose days
// are before the intervention, and counts those with enough data and those at
// which the change was as large. Dates near another intervention are left out.
func (v *Intervention) placebo(m effectMetric, values map[calendar.Day]dailyValue, others []calendar.Day, change float64) (dates, asLarge int64) {
	days := calendar.Day(v.Days)
	for back := calendar.Day(0); back <= days; back += week {
		date := v.Day - 1 - m.lag - days - back
		if slices.ContainsFunc(others, func(other calendar.Day) bool {
			return other >= date-m.lag-days && other <= date+days+m.lag
		}) {
			continue
		}
		before, after := v.sides(m, values, date)
		if !v.suffice(before, after) {
			continue
		}
		dates++
		if math.Abs(compareSides(before, after).change) >= (1-dust)*math.Abs(change) {
			asLarge++
		}
	}
	return dates, asLarge
}
