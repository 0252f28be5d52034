package load_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/load"
	"sojourn/transform"
)

func tableNamed(t testing.TB, name string) load.Table {
	t.Helper()
	for _, table := range load.Tables() {
		if table.Name == name {
			return table
		}
	}
	t.Fatalf("no table %s", name)
	return load.Table{}
}

func sessionsFile(t interface{ Fatal(...any) }, rows ...transform.Session) []byte {
	data, err := load.EncodeSessions(rows)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// What differs is told by key, column and sum.
func TestCompare(t *testing.T) {
	one := transform.Session{Date: 20000, UserID: "ann", SessionID: "1", StartedAt: 1_000_000, DurationSeconds: new(60.0), EventCount: 3, Country: "PT"}
	longer := one
	longer.DurationSeconds, longer.EventCount = new(90.5), 4
	noLength := one
	noLength.DurationSeconds, noLength.Country = nil, ""
	bob := transform.Session{Date: 20000, UserID: "bob", SessionID: "2", StartedAt: 2_000_000, EventCount: 7}
	key := func(user, session, at string) []load.Cell {
		return []load.Cell{{Column: "session_date", Value: "2024-10-04"}, {Column: "user_id", Value: user}, {Column: "started_at", Value: at}, {Column: "session_id", Value: session}}
	}
	ann, bobs := key("ann", "1", "1970-01-01T00:00:01Z"), key("bob", "2", "1970-01-01T00:00:02Z")
	for _, test := range []struct {
		name string
		a, b []transform.Session
		want load.Comparison
	}{
		{"nothing", nil, nil, load.Comparison{}},
		{"the same", []transform.Session{one, bob}, []transform.Session{one, bob}, load.Comparison{RowsA: 2, RowsB: 2}},
		{"a row more", []transform.Session{one}, []transform.Session{one, bob}, load.Comparison{
			RowsA: 1, RowsB: 2, OnlyB: 1,
			Columns: []load.ColumnChange{{Column: "event_count", SumA: new(3.0), SumB: new(10.0)}},
			First:   []load.RowChange{{Key: bobs, OnlyIn: "b"}},
		}},
		{"a row less, another changed", []transform.Session{one, bob}, []transform.Session{longer}, load.Comparison{
			RowsA: 2, RowsB: 1, OnlyA: 1, Changed: 1,
			Columns: []load.ColumnChange{
				{Column: "duration_seconds", Changed: 1, SumA: new(60.0), SumB: new(90.5)},
				{Column: "event_count", Changed: 1, SumA: new(10.0), SumB: new(4.0)},
			},
			First: []load.RowChange{
				{Key: ann, Cells: []load.CellChange{{Column: "duration_seconds", A: 60.0, B: 90.5}, {Column: "event_count", A: int64(3), B: int64(4)}}},
				{Key: bobs, OnlyIn: "a"},
			},
		}},
		{"null is a value", []transform.Session{one}, []transform.Session{noLength}, load.Comparison{
			RowsA: 1, RowsB: 1, Changed: 1,
			Columns: []load.ColumnChange{{Column: "duration_seconds", Changed: 1, SumA: new(60.0), SumB: new(0.0)}, {Column: "country", Changed: 1}},
			First:   []load.RowChange{{Key: ann, Cells: []load.CellChange{{Column: "duration_seconds", A: 60.0}, {Column: "country", A: "PT"}}}},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := load.Compare(tableNamed(t, "sessions"), sessionsFile(t, test.a...), sessionsFile(t, test.b...), 5)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// Files whose rows are out of order cannot be compared side by side.
func TestCompareWantsOrder(t *testing.T) {
	ann, bob := transform.Session{Date: 20000, UserID: "ann"}, transform.Session{Date: 20000, UserID: "bob"}
	for _, rows := range [][]transform.Session{{bob, ann}, {ann, ann}} {
		if _, err := load.Compare(tableNamed(t, "sessions"), sessionsFile(t, ann, bob), sessionsFile(t, rows...), 1); err == nil {
			t.Errorf("%s before %s were compared", rows[0].UserID, rows[1].UserID)
		}
	}
}

// Comparing side by side finds what looking up every key finds.
func TestCompareIsLookingUp(t *testing.T) {
	table := tableNamed(t, "sessions")
	draw := func(t *rapid.T, name string) map[string]transform.Session {
		return rapid.MapOfN(rapid.StringMatching("[ab]{1,4}"), rapid.Custom(func(t *rapid.T) transform.Session {
			s := transform.Session{Date: 20000, EventCount: rapid.Int64Range(0, 2).Draw(t, "events"), Country: rapid.SampledFrom([]string{"", "PT"}).Draw(t, "country")}
			if rapid.Bool().Draw(t, "length") {
				s.DurationSeconds = new(float64(rapid.IntRange(0, 1).Draw(t, "duration")))
			}
			return s
		}), 0, 12).Draw(t, name)
	}
	rows := func(of map[string]transform.Session) (list []transform.Session) {
		for _, user := range slices.Sorted(maps.Keys(of)) {
			s := of[user]
			s.UserID = user
			list = append(list, s)
		}
		return list
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := draw(t, "a"), draw(t, "b")
		got, err := load.Compare(table, sessionsFile(t, rows(a)...), sessionsFile(t, rows(b)...), 100)
		if err != nil {
			t.Fatal(err)
		}
		want := load.Comparison{RowsA: int64(len(a)), RowsB: int64(len(b))}
		var differ []string
		for user, s := range a {
			switch other, ok := b[user]; {
			case !ok:
				want.OnlyA++
			case !cmp.Equal(s, other):
				want.Changed++
			default:
				continue
			}
			differ = append(differ, user)
		}
		for user := range b {
			if _, ok := a[user]; !ok {
				want.OnlyB++
				differ = append(differ, user)
			}
		}
		slices.Sort(differ)
		var told []string
		for _, r := range got.First {
			told = append(told, fmt.Sprint(r.Key[1].Value))
		}
		sums := map[string]float64{}
		for _, c := range got.Columns {
			if c.SumA != nil {
				sums[c.Column] = *c.SumB - *c.SumA
			}
		}
		var events float64
		for _, s := range b {
			events += float64(s.EventCount)
		}
		for _, s := range a {
			events -= float64(s.EventCount)
		}
		got.First, got.Columns = nil, nil
		if diff := cmp.Diff(want, got); diff != "" || !slices.Equal(differ, told) || sums["event_count"] != events {
			t.Fatalf("rows %v, told %v; sum of events %v, told %v; (-looked up +compared):\n%s", differ, told, events, sums["event_count"], diff)
		}
	})
}

// More rows than are read at once, in more than one row group.
func TestCompareManyRows(t *testing.T) {
	a := make([]transform.Session, 100_700)
	for i := range a {
		a[i] = transform.Session{Date: 20000, UserID: fmt.Sprintf("u%06d", i), EventCount: 1}
	}
	b := slices.Clone(a)
	b[100_600].EventCount = 2
	b = slices.Delete(b, 777, 778)
	got, err := load.Compare(tableNamed(t, "sessions"), sessionsFile(t, a...), sessionsFile(t, b...), 0)
	if err != nil {
		t.Fatal(err)
	}
	want := load.Comparison{RowsA: 100_700, RowsB: 100_699, OnlyA: 1, Changed: 1, Columns: []load.ColumnChange{
		{Column: "event_count", Changed: 1, SumA: new(100_700.0), SumB: new(100_700.0)},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
