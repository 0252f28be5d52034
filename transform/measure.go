package transform

// row works out the measures of a session as far as it has come, if its last
// activity were at an instant. Why says why it ended, open if it has not.
func (c *open) row(s *Sessionizer, end int64, why string) Session {
	r := c.Session
	d := &s.definition
	length, known := c.length(d, end, why)
	if known {
		r.DurationSeconds = ptr(seconds(length))
	}
	engaged := c.measure(d, d.Engaged.Measure, end, why)
	r.EngagedSeconds = seconds(engaged)
	if c.Markers {
		r.ForegroundSeconds = ptr(seconds(c.inUse(end)))
	}
	elapsed := end - r.StartedAt
	if c.CrashedLast {
		c.correctForCrash(s, &r, elapsed)
	}
	r.IsEngaged = c.isEngaged(d, engaged)
	switch d.Bounce.Rule {
	case SingleView:
		r.IsBounce = r.ScreenViews <= 1 && c.Acts == 0 && r.KeyEventCount == 0 && elapsed < d.Bounce.Under.Microseconds()
	case NotEngaged:
		r.IsBounce = !r.IsEngaged
	default:
		r.IsBounce = c.Activity-c.Pings <= 1
	}
	switch {
	case c.Dropped:
		r.Exclusion = "over_cap"
	case elapsed < d.MinLength.Microseconds():
		r.Exclusion = "too_short"
	case r.ScreenViews < d.MinViews:
		r.Exclusion = "too_few_views"
	}
	r.IsCounted = r.Exclusion == ""
	return r
}

func (c *open) isEngaged(d *Definition, engaged int64) bool {
	after := d.Engaged.After.Microseconds()
	return after > 0 && (engaged > after || engaged == after && d.Engaged.Boundary == AtLeast) ||
		d.Engaged.Views > 0 && c.Session.ScreenViews >= d.Engaged.Views ||
		c.Session.KeyEventCount > 0
}

// length is how long the session lasted under the definition, and whether that
// is known at all.
func (c *open) length(d *Definition, end int64, why string) (micros int64, known bool) {
	l := &d.Length
	switch {
	case c.CrashedLast && l.Crashed == AsNull:
		return 0, false
	case (why != "explicit_end" && why != "open") && l.Unended == AsNull,
		l.Measure == StartToEnd && why != "explicit_end" && why != "open":
		return 0, false
	}
	micros = c.measure(d, l.Measure, end, why)
	if c.Activity > 1 {
		return micros + l.Plus.Microseconds(), true
	}
	switch l.Single {
	case AsNull:
		return 0, false
	case AsFixed:
		return l.SingleLength.Microseconds(), true
	}
	return micros, true
}

// measure is the length of a session by a measure, in microseconds.
func (c *open) measure(d *Definition, m Measure, end int64, why string) int64 {
	switch m {
	case InForeground:
		return c.inUse(end)
	case Reported:
		return c.Engaged
	case ReportedOrUsed:
		if c.EngagedKnown {
			return c.Engaged
		}
		return c.inUse(end)
	case Pings:
		var sum int64
		for _, slots := range c.views {
			if n := int64(len(slots)); n > 0 {
				sum += (n-1)*d.Length.PingEvery.Microseconds() + d.Length.PingFirst.Microseconds()
			}
		}
		return sum
	}
	return end - c.Session.StartedAt
}

// inUse is the elapsed time without the stretches known to be in the background.
func (c *open) inUse(end int64) int64 {
	in := end - c.Session.StartedAt - c.Background
	if c.BackgroundSince != 0 {
		in -= max(0, end-c.BackgroundSince)
	}
	return max(0, in)
}

// totals are the measures of the session that add up over its days, if its
// last activity were at an instant.
func (c *open) totals(s *Sessionizer, end int64) Totals {
	r := &c.Session
	length, known := c.length(&s.definition, end, "open")
	if !known {
		length = c.measure(&s.definition, s.definition.Length.Measure, end, "open")
	}
	return Totals{
		Events: r.EventCount, Background: r.BackgroundCount, Views: r.ScreenViews, Crashes: r.CrashCount, KeyEvents: r.KeyEventCount,
		Length: length, Engaged: c.measure(&s.definition, s.definition.Engaged.Measure, end, "open"),
	}
}

func seconds(micros int64) float64 { return float64(micros) / 1e6 }

func ptr[T any](v T) *T { return &v }
