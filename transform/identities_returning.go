package transform

// Nobody opens what he has not installed, and a day's first installs are users
// with one.
func installsAreOpenedOrNot(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyInstalls {
		r := &t.DailyInstalls[i]
		if r.Opened < 0 || r.NeverOpened < 0 || r.Opened+r.NeverOpened != r.First || r.First > r.Users || r.Reinstalls != nil && *r.Reinstalls < 0 {
			breach("%s %s, day %d: of %d installs by %d users %d are opened and %d are not", r.Cut, r.Segment, r.DayN, r.First, r.Users, r.Opened, r.NeverOpened)
		}
	}
}

func secondFollowsFirst(t *Tables, _ *Audit, breach func(string, ...any)) {
	for i := range t.DailyFirstSessions {
		r := &t.DailyFirstSessions[i]
		if r.Second > r.Users || r.Onboarded != nil && *r.Onboarded > r.Users {
			breach("%s %s, day %d: %d of %d users have a second session", r.Cut, r.Segment, r.DayN, r.Second, r.Users)
		}
	}
}

// Pushes and the sessions after them are of one campaign each.
func campaignsAddUp(t *Tables, a *Audit, breach func(string, ...any)) {
	byCut := map[Cut]*pushCounts{}
	for i := range t.DailyPush {
		if r := &t.DailyPush[i]; r.Scope == byCampaign {
			at(byCut, Cut{r.Cut, r.Segment}).merge(&pushCounts{
				received: r.Received, opened: r.Opened, afterOpen: r.AfterOpen, afterReceived: r.AfterReceived,
			})
		}
	}
	for i := range t.DailyPush {
		r := &t.DailyPush[i]
		if r.Scope != everyPush || r.Cut != total && a.analysis.MinUsers > 1 {
			continue // of a cut, campaigns may have been left out
		}
		if of := at(byCut, Cut{r.Cut, r.Segment}); of.received != r.Received || of.opened != r.Opened || of.afterOpen != r.AfterOpen || of.afterReceived != r.AfterReceived {
			breach("%s %s: %d pushes, %d opens and %d sessions, by campaign %d, %d and %d",
				r.Cut, r.Segment, r.Received, r.Opened, r.AfterOpen+r.AfterReceived, of.received, of.opened, of.afterOpen+of.afterReceived)
		}
	}
}
