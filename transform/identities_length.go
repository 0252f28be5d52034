package transform

// Every session is in one bucket of the histogram of each measure, in one hour
// of the reporting clock, and crashed or did not; percentiles are in order.

func lengthsAddUp(t *Tables, a *Audit, breach func(string, ...any)) {
	type of struct {
		Cut
		measure string
	}
	inBuckets := map[of]int64{}
	for i := range t.LengthHistogram {
		r := &t.LengthHistogram[i]
		inBuckets[of{Cut{r.Cut, r.Segment}, r.Measure}] += r.Sessions
	}
	for i := range t.DailyLength {
		r := &t.DailyLength[i]
		for _, pair := range [...][2]float64{
			{0, r.P5Seconds}, {r.P5Seconds, r.P10Seconds}, {r.P10Seconds, r.P25Seconds}, {r.P25Seconds, r.P50Seconds},
			{r.P50Seconds, r.P75Seconds}, {r.P75Seconds, r.P90Seconds}, {r.P90Seconds, r.P95Seconds},
			{r.P95Seconds, r.P99Seconds}, {r.P99Seconds, r.MaxSeconds},
		} {
			if pair[0] > pair[1] {
				breach("%s %s: percentiles of %s of %s are not in order: %v, %v", r.Cut, r.Segment, r.Measure, r.Population, pair[0], pair[1])
			}
		}
		if r.Population != "all" {
			continue
		}
		n := inBuckets[of{Cut{r.Cut, r.Segment}, r.Measure}]
		if n > r.Sessions || (a.analysis.MinUsers <= 1 || r.Cut == total) && n != r.Sessions {
			breach("%s %s: %d sessions in the buckets of %s, %d in all", r.Cut, r.Segment, n, r.Measure, r.Sessions)
		}
	}
}

func hoursAddUp(t *Tables, _ *Audit, breach func(string, ...any)) {
	sessions := map[string]int64{} // of the total, by clock
	for i := range t.DailyHours {
		if r := &t.DailyHours[i]; r.Cut == total {
			sessions[r.Clock] += r.Sessions
		}
	}
	for i := range t.DailySessions {
		r := &t.DailySessions[i]
		if r.Cut == total && (sessions["reporting"] != r.Sessions || sessions["local"] > r.Sessions) {
			breach("%d sessions by the reporting clock and %d by local ones, %d in all", sessions["reporting"], sessions["local"], r.Sessions)
		}
	}
}

func crashesAddUp(t *Tables, a *Audit, breach func(string, ...any)) {
	byAttribute := map[string]int64{}
	var all int64
	for i := range t.DailyStability {
		r := &t.DailyStability[i]
		if r.CrashedSessions > r.Sessions || r.CrashedSessions > r.Crashes || r.CrashedUsers > r.CrashedSessions || r.CrashedUsers > r.Users ||
			r.AfterCrash > r.Sessions || r.Returned != nil && *r.Returned > r.CrashedUsers {
			breach("a part is more than the whole in the row %s %s: %d of %d sessions crashed, of %d of %d users", r.Cut, r.Segment, r.CrashedSessions, r.Sessions, r.CrashedUsers, r.Users)
		}
		if r.Cut == total {
			all = r.Sessions
		}
		byAttribute[r.Cut] += r.Sessions
	}
	for _, cut := range stabilityCuts {
		if n := byAttribute[cut.name]; n > all || a.analysis.MinUsers <= 1 && n != all {
			breach("%d sessions by %s, %d in total", n, cut.name, all)
		}
	}
}
