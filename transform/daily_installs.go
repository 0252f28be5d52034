package transform

import "sojourn/internal/calendar"

// DailyInstalls is a row of daily_installs: the users who installed the app
// on a day, and how many of them had opened it by the end of date.
// docs/returning.md#installs-daily_installs has the formulas.
type DailyInstalls struct {
	Date     calendar.Day `parquet:"date,date" doc:"Day of the count: install_date plus day_n. Partition column."`
	Cut      string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment  string       `parquet:"segment,optional" doc:"Segment of the cut that the user is in at the end of date, by the attributes last known; null in the total and where unknown. Who has no session at all is in the total only."`
	DayN     int64        `parquet:"day_n" doc:"Days since the install: 0, 1, 7 and 28."`
	Installs calendar.Day `parquet:"install_date,date" doc:"Local day of the installs."`

	Users      int64  `parquet:"users" doc:"Users with an install on install_date: the first, or for day_n 0 another one too."`
	First      int64  `parquet:"installs" doc:"Users whose first install was on install_date. Who had a session on an earlier day is known already: that install is none of these."`
	Reinstalls *int64 `parquet:"reinstalls,optional" doc:"Other events of the role install on install_date; null for day_n above 0."`

	Opened      int64    `parquet:"opened_users" doc:"Of the users of installs, those with activity beyond installs in a session by the end of date."`
	NeverOpened int64    `parquet:"never_opened_users" doc:"Of the users of installs, the others."`
	OpenedShare *float64 `parquet:"opened_share,optional" doc:"opened_users divided by installs; null if there are none."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

type installsSum struct{ users, first, again, opened int64 }

func (s *installsSum) merge(o *installsSum) {
	s.users += o.users
	s.first += o.first
	s.again += o.again
	s.opened += o.opened
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
			s.opened++
		}
	}
}

func (t *Tally) installsRow(cut Cut, n calendar.Day, s *installsSum) DailyInstalls {
	r := DailyInstalls{
		Date: t.day, Cut: cut.Name, Segment: cut.Segment, DayN: int64(n), Installs: t.day - n,
		Users: s.users, First: s.first, Opened: s.opened, NeverOpened: s.first - s.opened,
		OpenedShare: ratio(float64(s.opened), float64(s.first)), IsFinal: t.final, DefinitionDigest: t.digest,
	}
	if n == 0 {
		r.Reinstalls = ptr(s.again)
	}
	return r
}
