package schedules

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
)

// faults let operations of a bucket fail, as those of a service that is away
// for a moment or for good. The zero faults let none.
type faults struct {
	kind  kindOfFault
	at    int // the operation at which it happens, counted from 1
	calls int // operations so far

	op, key string // what it happened to first
}

type kindOfFault int

const (
	none      kindOfFault = iota
	once                  // one operation is refused
	forever               // it and all after it are
	halfway               // the operation is done, and the reply lost; what is read breaks off
	faultKind             // how many kinds there are
)

func (k kindOfFault) String() string { return [...]string{"none", "once", "forever", "halfway"}[k] }

// An outcome is what a fault makes of an operation.
type outcome int

const (
	fine outcome = iota
	refused
	cut // done, but nobody is told; a reading breaks off
)

var errAway = errors.New("the service is away")

// next says what becomes of the next operation.
func (f *faults) next(op, key string) outcome {
	f.calls++
	if f.kind == none || f.calls < f.at || f.calls > f.at && f.kind != forever {
		return fine
	}
	if f.op == "" {
		f.op, f.key = op, key
	}
	if f.kind == halfway {
		return cut
	}
	return refused
}

// told says whether an error, or what a run says of objects it could not read,
// names the object and the operation.
func (f *faults) told(err error, sum Summary) bool {
	for _, o := range sum.BadObjects {
		if o.Object == f.key && o.Error != "" {
			return true
		}
	}
	if err == nil || !strings.Contains(err.Error(), f.key) {
		return false
	}
	verbs := map[string][]string{
		"list": {"list "}, "read": {"open ", "read "}, "look up": {"look up "}, "write": {"write ", "create "}, "delete": {"delete "},
	}
	for _, verb := range verbs[f.op] {
		if strings.Contains(err.Error(), verb) {
			return true
		}
	}
	return false
}

// stride says how many of the operations are tried: one of so many, and all of
// them in a soak.
func stride(few int) int {
	if os.Getenv("SOJOURN_SOAK") != "" {
		return 1
	}
	return few
}

// Any operation of the bucket of the lake or of that of a source may fail,
// once, for good, or with its reply lost: the run does what it was to do or
// says which object could not be had; what is published is of one piece; and
// the next run makes the bytes of one that nothing befell.
func TestFaultMatrix(t *testing.T) {
	dir := t.TempDir()
	raw := map[string][]byte{}
	sited := func(t *testing.T, lakeObjects map[string][]byte) (s *site, lakeBucket, source *mortal) {
		t.Helper()
		b, lakeBucket := openMortal(t, lakeObjects, immortal)
		s = newSite(t, dir, b)
		s.raw.Close()
		s.raw, source = openMortal(t, raw, immortal)
		s.Sources = []extract.Source{{Name: "app", Bucket: s.raw, Format: "ndjson"}}
		s.Definition = longSessions()
		return s, lakeBucket, source
	}
	s, b, source := sited(t, nil)
	tell(t, s, date(30))
	s.night(t, date(30), Range{})
	night1, old := maps.Clone(b.objects), maps.Clone(s.warehouse.held)
	tell(t, s, date(31))
	raw = source.objects
	b.faults, source.faults = faults{}, faults{}
	s.night(t, date(31), Range{})
	calls := map[string]int{"lake": b.faults.calls, "source": source.faults.calls}
	want := s.result(t)
	s.close()

	pid := deadPID(t)
	for _, test := range []struct {
		bucket string
		few    int
	}{{"lake", 11}, {"source", 1}} {
		for kind := once; kind < faultKind; kind++ {
			t.Run(fmt.Sprintf("%s/%s", test.bucket, kind), func(t *testing.T) {
				every := stride(test.few)
				for at := 1 + int(kind)%every; at <= calls[test.bucket]; at += every {
					s, b, source := sited(t, night1)
					s.RowBytes = int64(at / every % 2) // every other time in as many parts as there are users
					s.warehouse.held = maps.Clone(old)
					struck := b
					if test.bucket == "source" {
						struck = source
					}
					struck.faults = faults{kind: kind, at: at}
					s.at(date(31))
					sum, err := s.Night(t.Context(), Range{})
					met := struck.faults
					struck.faults = faults{}
					if met.op == "" {
						break // this run had fewer operations
					}
					if err == nil && len(sum.BadObjects) == 1 && sum.BadObjects[0].Error == "" {
						if diff := cmp.Diff(want, s.result(t)); diff != "" {
							t.Fatalf("%s %s, passed over: the tables are others (-whole +got):\n%s", met.op, met.key, diff)
						}
					} else if !met.told(err, sum) {
						t.Errorf("%s %s: the run says %v, and of objects %v", met.op, met.key, err, sum.BadObjects)
					}
					checkWholeDays(t, s, old)
					bury(t, s, pid)
					s.night(t, date(31), Range{})
					if diff := cmp.Diff(want, s.result(t)); diff != "" {
						t.Fatalf("%s %s, and run again: the tables are others (-whole +got):\n%s", met.op, met.key, diff)
					}
					s.close()
				}
			})
		}
	}
}

// checkWholeDays checks that every day in the warehouse is what it was, or what
// its manifest says.
func checkWholeDays(t *testing.T, s *site, old map[load.PartitionKey]string) {
	t.Helper()
	made, err := lake.Days(t.Context(), s.Lake)
	if err != nil {
		t.Fatal(err)
	}
	was, is := map[calendar.Day]bool{}, map[calendar.Day]bool{}
	for key, digest := range s.warehouse.held {
		if key.Day == 0 {
			continue
		}
		if old[key] != digest {
			is[key.Day] = true
		}
		now := made[key.Day].Tables[key.Table]
		if key.Table == load.Restatements().Name {
			now = made[key.Day].Restatements
		}
		if now.SHA256 != digest {
			was[key.Day] = true
		}
	}
	for day := range was {
		if is[day] {
			t.Errorf("%s is published in part", day)
		}
	}
}
