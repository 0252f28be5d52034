package load_test

import (
	"io"
	"math"
	"strings"
	"testing"

	"sojourn/load"
	"sojourn/transform"
)

// Rows that no table may have are found, whatever the table.
func TestBreachesOfRows(t *testing.T) {
	const day = 20000
	of := func(ids ...string) *transform.Tables {
		tables := &transform.Tables{Day: day}
		for _, id := range ids {
			tables.Users = append(tables.Users, transform.User{Date: day, UserID: id})
		}
		return tables
	}
	frequency := func(buckets ...*int64) *transform.Tables {
		tables := &transform.Tables{Day: day}
		for _, b := range buckets {
			tables.DailyFrequency = append(tables.DailyFrequency, transform.DailyFrequency{Date: day, Cut: "total", Measure: "sessions", WindowDays: 7, Bucket: b})
		}
		return tables
	}
	notANumber := frequency(nil)
	notANumber.DailyFrequency[0].Value = new(math.NaN())
	infinite := &transform.Tables{Day: day, SessionDays: []transform.SessionDay{{EngagedSeconds: math.Inf(1)}}}
	for _, test := range []struct {
		name   string
		tables *transform.Tables
		want   string
	}{
		{"sound", of("ann", "bob", "eve"), ""},
		{"null is before any number", frequency(nil, new(int64(0)), new(int64(1))), ""},
		{"twice", of("ann", "bob", "bob"), "users: two rows have the key 2024-10-04, bob"},
		{"out of order", of("bob", "ann"), "users: out of order at the row 2024-10-04, ann"},
		{"null twice", frequency(nil, nil), "daily_frequency: two rows have the key"},
		{"buckets out of order", frequency(new(int64(2)), new(int64(1))), "daily_frequency: out of order"},
		{"not a number", notANumber, "daily_frequency: Value is NaN in the row"},
		{"infinite", infinite, "session_days: EngagedSeconds is +Inf in the row"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := breaches(t, test.tables)
			if test.want == "" && got != "" || !strings.HasPrefix(got, test.want) {
				t.Errorf("breaches are %q, want %q", got, test.want)
			}
		})
	}
}

// breaches are those of tables written to nowhere.
func breaches(t *testing.T, pieces ...*transform.Tables) string {
	t.Helper()
	w, err := load.NewWriter(pieces[0].Day, func(string) io.Writer { return io.Discard })
	if err != nil {
		t.Fatal(err)
	}
	for _, piece := range pieces {
		if err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	return strings.Join(w.Breaches(), "\n")
}

// The last row of a piece is one before the first of the next.
func TestBreachesBetweenPieces(t *testing.T) {
	of := func(id string) *transform.Tables {
		return &transform.Tables{Day: 20000, Users: []transform.User{{Date: 20000, UserID: id}}}
	}
	none := &transform.Tables{Day: 20000}
	if got := breaches(t, of("ann"), none, of("bob")); got != "" {
		t.Errorf("in order: %s", got)
	}
	if got, want := breaches(t, of("ann"), none, of("ann")), "users: two rows have the key 2024-10-04, ann"; got != want {
		t.Errorf("breaches are %q, want %q", got, want)
	}
	if got, want := breaches(t, of("bob"), of("ann"), of("eve")), "users: out of order at the row 2024-10-04, ann"; got != want {
		t.Errorf("breaches are %q, want %q", got, want)
	}
}
