package transform

import (
	"slices"
	"strings"

	"sojourn/internal/calendar"
)

// DailyPush is a row of daily_push: pushes of a day and the sessions that came
// after them. docs/returning.md#pushes-daily_push has the formulas.
type DailyPush struct {
	Date     calendar.Day `parquet:"date,date" doc:"Local day. Partition column."`
	Cut      string       `parquet:"cut" doc:"total: all users; else a segmentation of cuts."`
	Segment  string       `parquet:"segment,optional" doc:"Segment of the cut that the user is in at the end of date, by the attributes last known; null in the total and where unknown. Who has no session at all is in the total only."`
	Scope    string       `parquet:"scope" doc:"all: all pushes; campaign: those of one campaign. Pushes and sessions add up over the campaigns to all, users do not."`
	Campaign string       `parquet:"campaign,optional" doc:"Campaign that the push names; null for all and where none is named."`

	Users int64 `parquet:"users" doc:"Distinct users of all other numbers of the row."`

	Received  int64    `parquet:"pushes_received" doc:"Events of the role push_received on date, also those outside of sessions."`
	Reached   int64    `parquet:"reached_users" doc:"Users with one."`
	Opened    int64    `parquet:"pushes_opened" doc:"Events of the role push_open on date."`
	Opening   int64    `parquet:"opening_users" doc:"Users with one."`
	OpenShare *float64 `parquet:"open_rate,optional" doc:"pushes_opened divided by pushes_received; null if none was received. Above 1 where pushes of earlier days are opened."`

	AfterOpen       int64  `parquet:"sessions_after_open" doc:"Sessions that began on date in whose first 60 seconds a push was opened, or at most the window after one was. They count for the campaign of the first push opened in those seconds, else of the last one before."`
	AfterOpenBy     int64  `parquet:"users_after_open" doc:"Users of those sessions."`
	AfterReceived   int64  `parquet:"sessions_after_received" doc:"Other sessions that began on date at most the window after a push was received, which was not opened before it or in its first 60 seconds. They count for the campaign of the last such push."`
	AfterReceivedBy int64  `parquet:"users_after_received" doc:"Users of those sessions."`
	Unpushed        *int64 `parquet:"sessions_without_push,optional" doc:"Sessions that began on date and are neither; null for a campaign."`

	IsFinal          bool   `parquet:"is_final" doc:"False until the next day with data has been processed."`
	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

const (
	everyPush  = "all"
	byCampaign = "campaign"
)

// pushCounts are numbers of a row: of one user, or of many.
type pushCounts struct {
	users, received, reached, opened, opening   int64
	afterOpen, afterOpenBy                      int64
	afterReceived, afterReceivedBy, withoutPush int64
}

func (c *pushCounts) merge(o *pushCounts) {
	c.users += o.users
	c.received += o.received
	c.reached += o.reached
	c.opened += o.opened
	c.opening += o.opening
	c.afterOpen += o.afterOpen
	c.afterOpenBy += o.afterOpenBy
	c.afterReceived += o.afterReceived
	c.afterReceivedBy += o.afterReceivedBy
	c.withoutPush += o.withoutPush
}

// ofOne counts the user that the numbers are of.
func (c *pushCounts) ofOne() {
	c.users = 1
	c.reached, c.opening = min(c.received, 1), min(c.opened, 1)
	c.afterOpenBy, c.afterReceivedBy = min(c.afterOpen, 1), min(c.afterReceived, 1)
}

type pushSum struct {
	seen      bool // a push of any of the users, whenever
	all       pushCounts
	campaigns map[string]*pushCounts
}

func newPushSum() pushSum { return pushSum{campaigns: map[string]*pushCounts{}} }

func (s *pushSum) merge(o *pushSum) {
	s.seen = s.seen || o.seen
	s.all.merge(&o.all)
	mergeMaps(s.campaigns, o.campaigns, (*pushCounts).merge)
}

func (s *pushSum) add(a *Analysis, u *UserDay) {
	s.seen = s.seen || u.had(PushReceived) || u.had(PushOpen)
	var all pushCounts
	var campaigns map[string]*pushCounts
	count := func(campaign string, one pushCounts) {
		if campaigns == nil {
			campaigns = map[string]*pushCounts{}
		}
		all.merge(&one)
		at(campaigns, campaign).merge(&one)
	}
	for i := range u.Steps {
		switch step := &u.Steps[i]; step.Role {
		case string(PushReceived):
			count(step.Campaign, pushCounts{received: 1})
		case string(PushOpen):
			count(step.Campaign, pushCounts{opened: 1})
		}
	}
	s.addSessions(a, u, &all, count)
	if all == (pushCounts{}) {
		return
	}
	all.ofOne()
	s.all.merge(&all)
	for _, one := range campaigns {
		one.ofOne()
	}
	mergeMaps(s.campaigns, campaigns, (*pushCounts).merge)
}

// addSessions puts each session that began on the day down to the push before
// it, if there is one.
func (s *pushSum) addSessions(a *Analysis, u *UserDay, all *pushCounts, count func(string, pushCounts)) {
	if !slices.ContainsFunc(u.Began, func(r Session) bool { return r.IsCounted }) {
		return
	}
	opened, received := u.pushes(PushOpen), u.pushes(PushReceived)
	window := a.PushWindow.Microseconds()
	for i := range u.Began {
		r := &u.Began[i]
		if !r.IsCounted {
			continue
		}
		if p := u.openedIn(r); p != nil {
			count(p.campaign, pushCounts{afterOpen: 1})
		} else if p := lastOf(opened, r.StartedAt, window); p != nil {
			count(p.campaign, pushCounts{afterOpen: 1})
		} else if p := lastOf(received, r.StartedAt, window); p != nil {
			count(p.campaign, pushCounts{afterReceived: 1})
		} else {
			all.withoutPush++
		}
	}
}

// pushRows are none where no push was ever seen in the app. Where one was, each
// segment has its row for all: one that is lacking would tell what is left of
// the total when others are shown.
func (t *Tally) pushRows(cut Cut, s *pushSum) []DailyPush {
	if !t.lasting[Cut{Name: total}].push.seen || t.sums[cut] == nil { // nobody is in it today
		return nil
	}
	all := t.pushRow(cut, everyPush, "", &s.all)
	all.Unpushed = ptr(s.all.withoutPush)
	return append([]DailyPush{all}, sortedRows(s.campaigns, strings.Compare, func(campaign string, c *pushCounts) DailyPush {
		return t.pushRow(cut, byCampaign, campaign, c)
	})...)
}

func (t *Tally) pushRow(cut Cut, scope, campaign string, c *pushCounts) DailyPush {
	return DailyPush{
		Date: t.day, Cut: cut.Name, Segment: cut.Segment, Scope: scope, Campaign: campaign, Users: c.users,
		Received: c.received, Reached: c.reached, Opened: c.opened, Opening: c.opening,
		OpenShare: ratio(float64(c.opened), float64(c.received)),
		AfterOpen: c.afterOpen, AfterOpenBy: c.afterOpenBy, AfterReceived: c.afterReceived, AfterReceivedBy: c.afterReceivedBy,
		IsFinal: t.final, DefinitionDigest: t.digest,
	}
}
