package schedules

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/transform"
)

// A day whose tables cannot be right is not committed: what was published
// before stays, and the next run tries again.
func TestTablesThatDoNotAgreeAreNotCommitted(t *testing.T) {
	s := newSite(t, t.TempDir(), nil)
	defer s.close()
	s.Now = func() time.Time { return time.UnixMicro(s.Zone.Start(date(31))) }
	made := map[calendar.Day]lake.Day{}
	c := &chain{
		lake: s.Lake, rules: s.rules(transform.Identity{}), made: made,
		under:    newUnder(s.Definition, s.Analysis, nil, transform.Identity{}, s.Zone),
		replaced: map[calendar.Day]int64{}, run: "r", now: time.UnixMicro(0),
	}
	w := &work{day: date(28)}
	w.ledger.Events = 5 // and none of them is anywhere
	if err := c.begin(t.Context(), w, "it was not made before", nil); err != nil {
		t.Fatal(err)
	}
	err := c.write(t.Context(), w, nil, allSettled)
	var check *CheckError
	if !errors.As(err, &check) || !strings.Contains(err.Error(), "2026-03-28") || !strings.Contains(err.Error(), "daily_ledger: 5 events were staged and 0 are accounted for") {
		t.Errorf("error is %v", err)
	}
	days, err := lake.Days(t.Context(), s.Lake)
	if err != nil || len(days) != 0 {
		t.Errorf("committed: %v, %v", days, err)
	}
}
