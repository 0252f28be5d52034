package transform_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"sojourn/internal/calendar"
	"sojourn/transform"
)

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func zone(t testingT, name string) calendar.Zone {
	t.Helper()
	z, err := calendar.LoadZone(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

// date is a day of March 2026. In Lisbon the 29th has 23 hours: the clocks go
// from 01:00 to 02:00.
func date(day int) calendar.Day { return calendar.Date(2026, time.March, day) }

// A told event is written as a line: the day of the month, the time in Lisbon,
// the name, and what else there is to say.
//
//	28 23:50:00.5 tap id=e1 device=d1 user=ann screen=Home platform=ios received=7 engaged=1500 stamp=s1
//
// The device is d1 and the id is the number of the line unless they are given;
// "times=3 every=10m" tells the same again; "crash", "background", "launch" and "new_session" set the flags of those names.
func told(t testingT, story string) []transform.Event {
	t.Helper()
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		t.Fatal(err)
	}
	var events []transform.Event
	for line := range strings.SplitSeq(strings.TrimSpace(story), "\n") {
		words := strings.Fields(line)
		if len(words) < 3 {
			t.Fatalf("%q: want day, time and name", line)
		}
		layout := "2006-01-02 15:04"
		if strings.Count(words[1], ":") == 2 {
			layout += ":05"
		}
		at, err := time.ParseInLocation(layout, "2026-03-"+words[0]+" "+words[1], lisbon)
		if err != nil {
			t.Fatal(err)
		}
		e := transform.Event{
			ID: fmt.Sprintf("%03d", len(events)+1), DeviceID: "d1", Name: words[2], At: at.UnixMicro(),
			EngagedMillis: -1, Attributes: new(transform.Attributes), Line: int64(len(events) + 1),
		}
		times, every := 1, time.Duration(0)
		for _, word := range words[3:] {
			if text, ok := strings.CutPrefix(word, "times="); ok {
				times, err = strconv.Atoi(text)
			} else if text, ok := strings.CutPrefix(word, "every="); ok {
				every, err = time.ParseDuration(text)
			} else {
				tellMore(t, &e, word)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		for range times {
			events = append(events, e)
			e.At += every.Microseconds()
			e.ID, e.Line = fmt.Sprintf("%03d", len(events)+1), int64(len(events)+1)
		}
	}
	return events
}

func tellMore(t testingT, e *transform.Event, word string) {
	t.Helper()
	key, value, _ := strings.Cut(word, "=")
	number := func() int64 {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	switch key {
	case "id":
		e.ID = value
	case "device":
		e.DeviceID = value
	case "user":
		e.UserID = value
	case "screen":
		e.Screen = value
	case "stamp":
		e.SourceSession = value
	case "platform":
		e.Platform = value
	case "country":
		e.Country = value
	case "received":
		e.ReceivedAt = number()
	case "engaged":
		e.EngagedMillis = number()
	case "client":
		e.ClientAt = number()
	case "sent":
		e.SentAt = number()
	case "sequence":
		e.Sequence = number()
	case "view":
		e.View = value
	case "campaign":
		e.Campaign = value
	case "launch":
		e.Launch = true
	case "new_session":
		e.NewSession = true
	case "crash":
		e.Crash = true
	case "background":
		e.Background = true
	default:
		t.Fatalf("%q says nothing", word)
	}
}

// A fold is what events come to, day by day: every session as it is known in
// the end, and where the events went.
type fold struct {
	sessions []transform.Session // by device, in order
	carries  map[string]*transform.Carry
	ledger   transform.Ledger
	parts    []transform.SessionDay // what happened in each session on each day
	days     []foldedDay
}

// A foldedDay is what is known at the end of a day.
type foldedDay struct {
	day            calendar.Day
	began, earlier []transform.Session // in the order of the table
}

// foldDays folds events day by day, as a night does: all subjects that have
// events or something carried over, on every day with events, and on more days
// if other people have events then.
func foldDays(t testingT, d transform.Definition, z calendar.Zone, events []transform.Event, more ...calendar.Day) fold {
	t.Helper()
	return traceDays(t, nil, d, z, events, more...)
}

// traceDays is foldDays that tells what it does.
func traceDays(t testingT, tell func(transform.Note), d transform.Definition, z calendar.Zone, events []transform.Event, more ...calendar.Day) fold {
	t.Helper()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	byDay := map[calendar.Day]map[string][]transform.Event{}
	for _, day := range more {
		byDay[day] = map[string][]transform.Event{}
	}
	for _, e := range events {
		day := z.DayOf(e.At)
		if byDay[day] == nil {
			byDay[day] = map[string][]transform.Event{}
		}
		byDay[day][d.Subject(&e)] = append(byDay[day][d.Subject(&e)], e)
	}
	s := transform.NewSessionizer(d, z)
	s.Trace(tell)
	f := fold{carries: map[string]*transform.Carry{}}
	index := map[string]int{} // of sessions by id
	type part struct {
		id  string
		day calendar.Day
	}
	parts := map[part]int{}
	for _, day := range slices.Sorted(maps.Keys(byDay)) {
		subjects := maps.Clone(byDay[day])
		for subject := range f.carries {
			if _, ok := subjects[subject]; !ok {
				subjects[subject] = nil
			}
		}
		at := foldedDay{day: day}
		for _, subject := range slices.Sorted(maps.Keys(subjects)) {
			of := subjects[subject]
			slices.SortFunc(of, func(a, b transform.Event) int { return a.Compare(&b) })
			folded := s.Fold(f.carries[subject], of, day)
			delete(f.carries, subject)
			if folded.Carry != nil {
				f.carries[subject] = folded.Carry
			}
			f.ledger.Add(folded.Ledger)
			for _, r := range folded.Began {
				if _, again := index[r.SessionID]; again {
					t.Fatalf("session %s began twice", r.SessionID)
				}
				index[r.SessionID] = len(f.sessions)
				f.sessions = append(f.sessions, r)
			}
			for _, r := range folded.Earlier {
				i, known := index[r.SessionID]
				if !known || f.sessions[i].IsFinal || f.sessions[i].UserID != r.UserID {
					t.Fatalf("on %s session %s turned out as %+v, and was %+v", day, r.SessionID, r, f.sessions[i])
				}
				f.sessions[i] = r
			}
			for _, p := range folded.Days {
				if _, again := parts[part{p.SessionID, p.Date}]; again || p.Date != day {
					t.Fatalf("on %s there is a part %+v", day, p)
				}
				parts[part{p.SessionID, p.Date}] = len(f.parts)
				f.parts = append(f.parts, p)
			}
			for _, p := range folded.Resumed {
				i, known := parts[part{p.SessionID, p.Date}]
				if !known || p.Date >= day {
					t.Fatalf("on %s there was a part %+v", day, p)
				}
				f.parts[i] = p
			}
			at.began = append(at.began, folded.Began...)
			at.earlier = append(at.earlier, folded.Earlier...)
		}
		slices.SortFunc(at.began, func(a, b transform.Session) int { return a.Compare(&b) })
		slices.SortFunc(at.earlier, func(a, b transform.Session) int { return a.Compare(&b) })
		f.days = append(f.days, at)
	}
	slices.SortStableFunc(f.sessions, func(a, b transform.Session) int { return cmp.Compare(subject(a), subject(b)) })
	return f
}

// subject is whose events a session is made of.
func subject(r transform.Session) string { return cmp.Or(r.DeviceID, r.UserID) }

// clock writes a time as the stories do.
func clock(micros int64) string {
	lisbon, err := time.LoadLocation("Europe/Lisbon")
	if err != nil {
		panic(err) // told has loaded it before
	}
	t := time.UnixMicro(micros).In(lisbon)
	text := t.Format("02 15:04:05.999999")
	return strings.TrimSuffix(text, ":00")
}
