package transform

// No part of the visits to a screen is more than all of them.
func screensHold(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyScreens {
		r := &t.DailyScreens[i]
		exits := int64(0)
		if r.Exits != nil {
			exits = *r.Exits
		}
		if r.Users > r.Sessions || max(r.Sessions, r.Entries, exits) > r.Visits || max(r.Entries, exits) > r.Sessions || r.Users > r.ActiveUsers {
			breach("%q of %s %s: %d visits, %d entries and %d exits in %d sessions of %d users, of %d active",
				r.Screen, r.Cut, r.Segment, r.Visits, r.Entries, exits, r.Sessions, r.Users, r.ActiveUsers)
		}
	}
}

// What is known to have come after the visits to a screen is as many as they
// are, or fewer while some may go on.
func transitionsAddUp(t *Tables, a *Audit, breach func(string, ...any)) {
	type from struct {
		Cut
		screen string
	}
	left := map[from]int64{}
	for i := range t.DailyTransitions {
		r := &t.DailyTransitions[i]
		left[from{Cut{r.Cut, r.Segment}, r.From}] += r.Transitions
	}
	for i := range t.DailyScreens {
		r := &t.DailyScreens[i]
		n := left[from{Cut{r.Cut, r.Segment}, r.Screen}]
		if n > r.Visits || a.analysis.MinUsers <= 1 && r.Exits != nil && n != r.Visits {
			breach("%q of %s %s: %d visits, %d of them with what came after", r.Screen, r.Cut, r.Segment, r.Visits, n)
		}
	}
}

// Each session that counts and began on the day has one depth.
func depthsAddUp(t *Tables, a *Audit, breach func(string, ...any)) {
	if a.definition.Attribution == TouchedDay {
		return // daily_sessions counts those of the days before, too
	}
	deep := map[Cut]int64{}
	for i := range t.DailyDepth {
		r := &t.DailyDepth[i]
		deep[Cut{r.Cut, r.Segment}] += r.Sessions
	}
	for i := range t.DailySessions {
		r := &t.DailySessions[i]
		n := deep[Cut{r.Cut, r.Segment}]
		if r.Cut != byVersion && (n > r.Sessions || a.analysis.MinUsers <= 1 && n != r.Sessions) {
			breach("%s %s: %d sessions by depth, %d in daily_sessions", r.Cut, r.Segment, n, r.Sessions)
		}
	}
}

func featuresHold(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyFeatures {
		r := &t.DailyFeatures[i]
		if r.Users > r.Users7 || r.Users7 > r.Users28 || max(r.Users, r.Sessions) > r.Uses || r.NewAdopters > r.Users || r.Users > r.ActiveUsers {
			breach("%q of %s %s: %d uses in %d sessions of %d users, %d of them new, %d in 7 days, %d in 28, of %d active",
				r.Feature, r.Cut, r.Segment, r.Uses, r.Sessions, r.Users, r.NewAdopters, r.Users7, r.Users28, r.ActiveUsers)
		}
	}
}

// Nobody comes to a step without the one before it.
func funnelsNarrow(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyFunnels {
		r := &t.DailyFunnels[i]
		if r.Users > r.Reached {
			breach("%q of %s %s: %d users in %d ways to step %d", r.Funnel, r.Cut, r.Segment, r.Users, r.Reached, r.Number)
		}
		if i == 0 || r.Number == 1 {
			continue
		}
		before := &t.DailyFunnels[i-1]
		if before.Cut == r.Cut && before.Segment == r.Segment && before.Funnel == r.Funnel && r.Reached > before.Reached {
			breach("%q of %s %s: %d came to step %d and %d to step %d", r.Funnel, r.Cut, r.Segment, before.Reached, before.Number, r.Reached, r.Number)
		}
	}
}
