package sql_test

import (
	"testing"

	"sojourn/internal/calendar"
	"sojourn/sql"
)

func TestViewShowsWhatItTurnsFromAndTo(t *testing.T) {
	day1, day2 := calendar.Date(2026, 10, 1), calendar.Date(2026, 10, 2)
	one, two, three := "SELECT 1 AS a", "SELECT 2 AS a", "SELECT 3 AS a"
	turn := sql.Turn(one, two, "app.published_group", day1)
	for _, test := range []struct {
		text, query string
		want        bool
	}{
		{one, one, true},
		{two, one, false},
		{turn, one, true},
		{turn, two, true},
		{turn, three, false},
		{sql.Turn(two, three, "app.published_group", day2), one, false},
		{"", one, false},
	} {
		if got := sql.Shows(test.text, test.query); got != test.want {
			t.Errorf("%q shows %q: %t", test.text, test.query, got)
		}
	}
}
