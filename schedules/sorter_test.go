package schedules

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"sojourn/transform"
)

// However little is held, rows come out as they do from memory: by user and
// time, and those that compare as equal in the order they came. Nothing is left
// in the folder for temporary files.
func TestSorterOnDisk(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	rapid.Check(t, func(t *rapid.T) {
		inMemory, onDisk := &sorter{}, &sorter{most: limits{run: rapid.SampledFrom([]int{1, 2_000, 20_000}).Draw(t, "run"), part: rapid.IntRange(1, 5_000).Draw(t, "part")}}
		defer onDisk.close()
		for subject := range rapid.IntRange(0, 60).Draw(t, "subjects") {
			// A device's user is known only now, and a bot has very many rows.
			user := fmt.Sprint("user-", rapid.IntRange(0, 9).Draw(t, "user"))
			rows := rapid.SampledFrom([]int{0, 1, 2, 50}).Draw(t, "rows")
			f := &transform.Folded{}
			for n := range rows {
				at := int64(n / 2)
				if rows == 2 {
					at = int64(-n) // out of order
				}
				f.Steps = append(f.Steps, transform.Step{UserID: user, At: at, Event: fmt.Sprint(subject, "/", n)})
				f.Began = append(f.Began, transform.Session{UserID: user, StartedAt: at, SessionID: fmt.Sprint("s", n)})
			}
			for _, s := range []*sorter{inMemory, onDisk} {
				if err := s.add(f); err != nil {
					t.Fatal(err)
				}
			}
		}
		want, got := allOf(t, inMemory), allOf(t, onDisk)
		if diff := cmp.Diff(joined(want), joined(got), cmp.AllowUnexported(people{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("rows (-in memory +on disk):\n%s", diff)
		}
		for i := 1; i < len(got); i++ {
			if got[i].first() <= got[i-1].last() {
				t.Fatalf("%s comes after %s, in another part", got[i].first(), got[i-1].last())
			}
		}
	})
	left, err := os.ReadDir(folder)
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func allOf(t *rapid.T, s *sorter) (all []people) {
	rows, err := s.sorted()
	if err != nil {
		t.Fatal(err)
	}
	for {
		of, err := rows.next()
		if err != nil {
			t.Fatal(err)
		}
		if of.bytes() == 0 {
			return all
		}
		all = append(all, of)
	}
}

// What two bots did is not read before it is their turn, and not together.
func TestBotsAreReadOneAfterTheOther(t *testing.T) {
	s := &sorter{most: limits{run: 1_000, part: 1_000}}
	defer s.close()
	for _, user := range []string{"ann", "bot-2", "bob", "bot-1", "eve"} {
		f := &transform.Folded{Began: []transform.Session{{UserID: user}}}
		if user[:3] == "bot" {
			f.Steps = make([]transform.Step, 1_000)
			for i := range f.Steps {
				f.Steps[i] = transform.Step{UserID: user, At: int64(i)}
			}
		}
		if err := s.add(f); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := s.sorted()
	if err != nil {
		t.Fatal(err)
	}
	var users []string
	for {
		far, err := rows.peek(1_000)
		if err != nil {
			t.Fatal(err)
		}
		if far.none {
			break
		}
		of, err := rows.upTo(far.user)
		if err != nil {
			t.Fatal(err)
		}
		if len(of.steps) > 0 && (len(of.steps) != 1_000 || len(of.sessions) != 1) {
			t.Errorf("beside %s there are %d steps of %d sessions", far.user, len(of.steps), len(of.sessions))
		}
		if rows.bytes > sizeOf(make([]transform.Step, 1_100)) {
			t.Errorf("after %s, %d bytes are held", far.user, rows.bytes)
		}
		users = append(users, far.user)
	}
	if diff := cmp.Diff([]string{"bob", "bot-1", "bot-2", "eve"}, users); diff != "" {
		t.Errorf("parts end with (-want +got):\n%s", diff)
	}
}
