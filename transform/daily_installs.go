package transform

import "sojourn/internal/calendar"

// DailyInstalls is a row of daily_installs: the users who installed the app
// on a day, and how many of them had opened it by the end of date.
// docs/returning.md#installs-daily_installs has the formulas.
type DailyInstalls struct {
	Date     calendar.Day `parquet:"date,date" doc:"Day of the count: install_date plus day_n. Partition column."`
	Cut      string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment  string       `parquet:"segment,optional" doc:"Segment of the cut that the user was in at the end of install_date; null in the total and where unknown. Who had no session by then is in the total only, and for day_n above 0 also whose first session was before install_date."`
	DayN     int64        `parquet:"day_n" doc:"Days since the install: 0, 1, 7 and 28."`
	Installs calendar.Day `parquet:"install_date,date" doc:"Local day of the installs."`

	Users      int64  `parquet:"users" doc:"Users with an install on install_date: the first, or for day_n 0 another one too."`
	First      int64  `parquet:"installs" doc:"Users whose first install was on install_date. Who had a session on an earlier day is known already: that install is none of these."`
	Reinstalls *int64 `parquet:"reinstalls,optional" doc:"Other events of the role install on install_date; null for day_n above 0."`

	Opened      int64    `parquet:"opened_users" doc:"Of the users of installs, those with activity beyond installs in a session by the end of date."`
	NeverOpened int64    `parquet:"never_opened_users" doc:"Of the users of installs, the others."`
	OpenedShare *float64 `parquet:"opened_share,optional" doc:"opened_users divided by installs; null if there are none."`

	OpenSeconds *float64 `parquet:"install_to_open_p50_seconds,optional" doc:"Exact nearest-rank median of the seconds from the install to first_opened_at of users, of opened_users, 0 where that was earlier; null if there are none."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

type installsSum struct {
	users, first, again int64
	toOpen              spans // of those who opened it
}

func (s *installsSum) merge(o *installsSum) {
	s.users += o.users
	s.first += o.first
	s.again += o.again
	s.toOpen.merge(&o.toOpen)
}

// add counts a user who first installed the app n days before, and on the day
// itself also who did again.
func (s *installsSum) add(u *UserDay, n calendar.Day) {
	if len(u.Events) == 0 || u.FirstSeen != 0 && u.Installs == 0 {
		return
	}
	seen := installsOf(u.Events)
	date := u.InstalledDate
	if u.FirstSeen == 0 {
		date = seen.date // nobody met before
	}
	isFirst := seen.total > 0 && date != 0 && u.Date-date == n
	if n == 0 {
		s.again += seen.today
		if isFirst {
			s.again--
		}
	}
	if isFirst || n == 0 && seen.today > 0 {
		s.users++
	}
	if isFirst {
		s.first++
		if u.FirstOpened != 0 {
			s.toOpen.add(ptr(seconds(max(0, u.FirstOpenedAt-u.InstalledAt))))
		}
	}
}

func (t *Tally) installsRow(cut Cut, n calendar.Day, s *installsSum) DailyInstalls {
	opened := int64(s.toOpen.count())
	r := DailyInstalls{
		Date: t.day, Cut: cut.Name, Segment: cut.Segment, DayN: int64(n), Installs: t.day - n,
		Users: s.users, First: s.first, Opened: opened, NeverOpened: s.first - opened, OpenSeconds: s.toOpen.percentile(50),
		OpenedShare: ratio(float64(opened), float64(s.first)), IsFinal: t.final, DefinitionDigest: t.digest,
	}
	if n == 0 {
		r.Reinstalls = ptr(s.again)
	}
	return r
}
