package load

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type counted struct {
	User  string   `parquet:"user_id" doc:"."`
	Count int64    `parquet:"count" doc:"."`
	Maybe *int64   `parquet:"maybe,optional" doc:"."`
	At    int64    `parquet:"at,timestamp(microsecond)" doc:"."`
	Share *float64 `parquet:"share,optional" doc:"."`
}

func TestSumsAreOfWholeNumbersThatAreThere(t *testing.T) {
	table := withColumns[counted](Table{Name: "counted"})
	for name, test := range map[string]struct {
		rows []counted
		want map[string]int64
	}{
		"no rows":         {nil, map[string]int64{"count": 0, "maybe": 0}},
		"a null":          {[]counted{{Count: 2, Maybe: new(int64(3)), At: 9}, {Count: -5}}, map[string]int64{"count": -3, "maybe": 3}},
		"the greatest":    {[]counted{{Count: math.MaxInt64}}, map[string]int64{"count": math.MaxInt64, "maybe": 0}},
		"one too many":    {[]counted{{Count: math.MaxInt64}, {Count: 1}}, map[string]int64{"maybe": 0}},
		"only on the way": {[]counted{{Count: math.MaxInt64}, {Count: 1}, {Count: -1}}, map[string]int64{"maybe": 0}},
		"the least":       {[]counted{{Count: math.MinInt64}}, map[string]int64{"maybe": 0}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, sumsOf(table, test.rows)); diff != "" {
				t.Errorf("sums (-want +got):\n%s", diff)
			}
		})
	}
}

// What is added up in parts is the same in whatever order, and never wraps.
func TestSumsDoNotDependOnTheOrder(t *testing.T) {
	table := withColumns[counted](Table{Name: "counted"})
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) counted { return counted{Count: rapid.Int64().Draw(t, "count")} })).Draw(t, "rows")
		if diff := cmp.Diff(sumsOf(table, rows), sumsOf(table, rapid.Permutation(rows).Draw(t, "shuffled"))); diff != "" {
			t.Errorf("sums (-ordered +shuffled):\n%s", diff)
		}
	})
}

// sumsOf are the sums of rows that come in two pieces.
func sumsOf[R any](t Table, rows []R) map[string]int64 {
	sums := make([]sum, len(t.Columns))
	half := len(rows) / 2
	addSums(sums, t, rows[:half])
	addSums(sums, t, rows[half:])
	return byColumn(sums, t)
}
