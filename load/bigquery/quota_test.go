package bigquery

import (
	"strings"
	"testing"
)

func TestUseOfQuotas(t *testing.T) {
	for _, test := range []struct {
		days int
		over string
	}{
		{0, ""}, {1, ""}, {31, ""}, {1500, ""},
		{1501, "1501 loads into one table a day, where 1500 are allowed"},
		{5000, "loads into one table"},
	} {
		u := UseOf(test.days)
		if got := u.Over(); (got == "") != (test.over == "") || !strings.Contains(got, test.over) {
			t.Errorf("%d days: over %q, want %q", test.days, got, test.over)
		}
		if got := u.String(); !strings.Contains(got, test.over) {
			t.Errorf("%d days: %s", test.days, got)
		}
	}
	// A table too many would be noticed by the first publish, in production.
	if u := UseOf(1); u.Tables > tablesOfTransaction*3/4 {
		t.Errorf("%d tables: near to what one transaction may change", u.Tables)
	}
}
