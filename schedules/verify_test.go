package schedules

import (
	"bytes"
	"context"
	"io"
	"maps"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
	"sojourn/transform"
)

// verify must find nothing.
func (s *site) verify(t testingT, o VerifyOptions) Verification {
	t.Helper()
	o.Warehouse = true
	v, err := s.Verify(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Findings {
		t.Errorf("%s %s %v: %s: %s", f.Kind, f.Object, f.Day, f.Text, f.Do)
	}
	return v
}

// However a lake came about, it is what its manifests say, and its days come out
// the same when they are made again, from staged events and from raw objects.
func TestVerifyPassesWhateverWasRun(t *testing.T) {
	root := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		s, finished := tempSite(t, root)
		defer finished()
		s.Definition, s.Compare = drawDefinitions(t)
		s.Analysis = drawAnalysis(t)
		events := drawEvents(t, s.Zone)
		seen := first
		for morning := first + 1; morning <= last+1; morning++ {
			if morning <= last && rapid.IntRange(0, 4).Draw(t, "no run") == 0 {
				continue
			}
			ship(t, s, events, func(n calendar.Day) bool { return n > seen && n <= morning }, morning.String())
			seen = morning
			s.night(t, morning, drawRange(t, morning))
		}
		s.night(t, last+1, Range{})
		before := objects(t, s.Lake)

		recompute := rapid.SampledFrom([]Recompute{RecomputeStaged, RecomputeRaw}).Draw(t, "recompute")
		o := VerifyOptions{Recompute: recompute, Sample: 1}
		if rapid.Bool().Draw(t, "from") {
			o.From = new(first + calendar.Day(rapid.IntRange(0, int(last-first)).Draw(t, "from day")))
		}
		if rapid.Bool().Draw(t, "sample") {
			o.Sample, o.Seed = 0.4, rapid.Uint64().Draw(t, "seed")
		}
		v := s.verify(t, o)
		made, err := lake.Days(context.Background(), s.Lake)
		if err != nil {
			t.Fatal(err)
		}
		asked := 0
		for day := range made {
			if o.Includes(day) {
				asked++
			}
		}
		if got := len(v.Recomputed); o.Sample == 1 && got != asked || asked > 0 && got == 0 || len(v.Leftovers) > 0 || v.Unsealed > 0 {
			t.Errorf("%d of %d days were made again; leftovers %v, %d unsealed; %v", got, asked, v.Leftovers, v.Unsealed, v.Notes)
		}
		if !maps.Equal(before, objects(t, s.Lake)) {
			t.Error("the lake is not as it was before")
		}
	})
}

// stories is a site with everything that a lake can have in it: late events,
// records in quarantine, kept revisions, a compared definition, a staged
// backfill, an erasure.
func stories(t *testing.T) *site {
	t.Helper()
	s := newSite(t, t.TempDir(), nil)
	t.Cleanup(s.close)
	other := longSessions()
	other.Name = "other"
	s.Compare = append(s.Compare, other)
	tell(t, s, date(30))
	s.put(t, "broken.ndjson", "{no record\n")
	s.put(t, "gone.ndjson", line("1", "gone", "ghost", "tap", s.Zone.Start(date(28))))
	s.night(t, date(31), Range{})
	s.erase(t, date(31), []string{"ghost"})
	tell(t, s, date(31))
	s.night(t, date(31)+1, Range{})
	s.Definition = longSessions()
	if b, _, err := s.StageBackfill(t.Context(), Range{}, "longer"); err != nil || len(b.Days) == 0 {
		t.Fatalf("staged %+v: %v", b, err)
	}
	s.Definition = transform.App()
	return s
}

// One bit that flips in any file of a lake is found, and the file named, and
// no other.
func TestVerifyFindsAnyBit(t *testing.T) {
	s := stories(t)
	s.verify(t, VerifyOptions{})
	r := rand.New(rand.NewPCG(1, 2))
	var records, manifests, one, other []string // what manifests name cannot be checked while they are broken
	kinds := map[string]bool{}
	for o, err := range s.Lake.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		kinds[strings.Split(o.Name, "/")[0]] = true
		switch {
		case o.Size == 0:
		case path.Base(o.Name) == "backfill.json":
			records = append(records, o.Name)
		case path.Ext(o.Name) == ".json" && !strings.Contains(o.Name, "carry/"):
			manifests = append(manifests, o.Name)
		case r.IntN(2) == 0:
			one = append(one, o.Name)
		default:
			other = append(other, o.Name)
		}
	}
	for _, kind := range []string{"events", "quarantine", "sessions", "users", "carry", "definitions", "runs", "history", "restatements", "reference", "backfills"} {
		if !kinds[kind] {
			t.Errorf("there is no file under %s/", kind)
		}
	}
	for _, objects := range [][]string{records, manifests, one, other} {
		was := map[string][]byte{}
		for _, object := range objects {
			data, err := s.Lake.Read(t.Context(), object)
			if err != nil {
				t.Fatal(err)
			}
			was[object] = bytes.Clone(data)
			data[r.IntN(len(data))] ^= 1 << r.IntN(8)
			rewrite(t, s.Lake, object, data)
		}
		if diff := cmp.Diff(objects, found(t, s, Damaged)); diff != "" {
			t.Errorf("files of which a bit is another (-are +found):\n%s", diff)
		}
		for object, data := range was {
			rewrite(t, s.Lake, object, data)
		}
	}
	s.verify(t, VerifyOptions{})
}

// A file that is gone is named, of every kind of which a manifest or the
// warehouse says that it should be there.
func TestVerifyFindsWhatIsGone(t *testing.T) {
	s := stories(t)
	taken := map[string]bool{}
	for o, err := range s.Lake.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		kind := path.Dir(o.Name)
		if kind = kind[:strings.LastIndexByte(kind, '=')+1]; taken[kind] || kind == "" || tellsNothing(o.Name) {
			continue
		}
		taken[kind] = true
		data, err := s.Lake.Read(t.Context(), o.Name)
		if err != nil {
			t.Fatal(err)
		}
		write(t, s.Lake.Delete(t.Context(), o.Name))
		if gone := found(t, s, Lost); !slices.Contains(gone, o.Name) {
			t.Errorf("%s is gone, and verify says that these are: %v", o.Name, gone)
		}
		rewrite(t, s.Lake, o.Name, data)
		if len(taken) == 6 {
			break // verifying is slow
		}
	}
}

// found returns the objects that verify has findings of a kind about.
func found(t *testing.T, s *site, kind FindingKind) []string {
	t.Helper()
	v, err := s.Verify(t.Context(), VerifyOptions{Warehouse: true})
	if err != nil {
		t.Fatal(err)
	}
	var objects []string
	for _, f := range v.Findings {
		if f.Kind == kind {
			objects = append(objects, f.Object)
		}
		if f.Text == "" || f.Do == "" {
			t.Errorf("a finding that does not say enough: %+v", f)
		}
	}
	slices.Sort(objects)
	return objects
}

// tellsNothing says whether nobody can tell that an object is gone: what it is
// kept for may have ended, it is written again when it is needed, or what lies
// under it is the same.
func tellsNothing(object string) bool {
	for _, folder := range []string{"history/", "reference/", "backfills/", "runs/"} {
		if strings.HasPrefix(object, folder) {
			return true
		}
	}
	return false
}

func rewrite(t *testing.T, b *bucket.Bucket, object string, data []byte) {
	t.Helper()
	err := b.Put(t.Context(), object, func(w io.Writer) error { _, err := w.Write(data); return err })
	if err != nil {
		t.Fatal(err)
	}
}

// What the manifests say of each other is checked too, and what the warehouse
// holds.
func TestVerifyFindsWhatDoesNotFit(t *testing.T) {
	for _, test := range []struct {
		name   string
		harm   func(t *testing.T, s *site, day lake.Day, batch lake.Batch)
		kind   FindingKind
		object string // "" for any
	}{
		{"a batch that lost a record", func(t *testing.T, s *site, _ lake.Day, b lake.Batch) {
			b.Inputs[0].Lines++
			write(t, lake.WriteBatch(t.Context(), s.Lake, b))
		}, Unbalanced, "runs/batches/000001.json"},
		{"a batch whose days do not add up", func(t *testing.T, s *site, _ lake.Day, b lake.Batch) {
			b.Inputs[0].Days[0].Events++
			write(t, lake.WriteBatch(t.Context(), s.Lake, b))
		}, Unbalanced, "runs/batches/000001.json"},
		{"a batch with too few rows staged", func(t *testing.T, s *site, _ lake.Day, b lake.Batch) {
			b.Staged[0].Rows--
			write(t, lake.WriteBatch(t.Context(), s.Lake, b))
		}, Unbalanced, "runs/batches/000001.json"},
		{"a batch that is gone", func(t *testing.T, s *site, _ lake.Day, b lake.Batch) {
			write(t, s.Lake.Delete(t.Context(), "runs/batches/000001.json"))
		}, Lost, "runs/batches/000001.json"},
		{"a ledger that lost an event", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			m.Ledger.Duplicates++
			write(t, lake.WriteDay(t.Context(), s.Lake, m))
		}, Unbalanced, ""},
		{"a day made from another file", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			m.Inputs[0].SHA256 = "0"
			write(t, lake.WriteDay(t.Context(), s.Lake, m))
		}, Unbalanced, ""},
		{"a day that starts from another state", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			m.Before.Carry = "0"
			write(t, lake.WriteDay(t.Context(), s.Lake, m))
		}, Unchained, ""},
		{"a day that starts from nothing", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			m.Before = nil
			write(t, lake.WriteDay(t.Context(), s.Lake, m))
		}, Unchained, ""},
		{"a day that was taken back", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			write(t, lake.WriteRevision(t.Context(), s.Lake, m))
			write(t, lake.RemoveDay(t.Context(), s.Lake, m.Day))
		}, Lost, ""},
		{"a manifest of another day", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			data, err := s.Lake.Read(t.Context(), lake.DayManifest(m.Day))
			write(t, err)
			rewrite(t, s.Lake, lake.DayManifest(m.Day-1), data)
			write(t, s.Lake.Delete(t.Context(), lake.DayManifest(m.Day)))
		}, Damaged, ""},
		{"a table with too many rows by its manifest", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			f := m.Tables["sessions"]
			f.Rows++
			m.Tables["sessions"] = f
			write(t, lake.WriteDay(t.Context(), s.Lake, m))
		}, Damaged, ""},
		{"a partition that is not published", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			delete(s.warehouse.held, load.PartitionKey{Table: "sessions", Day: m.Day})
		}, Unserved, ""},
		{"a partition of a day that is not there", func(t *testing.T, s *site, _ lake.Day, _ lake.Batch) {
			s.warehouse.held[load.PartitionKey{Table: "sessions", Day: date(1)}] = "x"
		}, Unserved, ""},
		{"tables that do not follow from the events", func(t *testing.T, s *site, m lake.Day, _ lake.Batch) {
			f := m.Tables["daily_hours"]
			other := m.Tables["daily_depth"]
			data, err := s.Lake.Read(t.Context(), other.Object)
			write(t, err)
			rewrite(t, s.Lake, f.Object, data)
			f.SHA256, f.Bytes, f.Rows = other.SHA256, other.Bytes, other.Rows
			m.Tables["daily_hours"] = f
			write(t, lake.WriteDay(t.Context(), s.Lake, m))
		}, Different, ""},
		{"raw objects that come to something else", func(t *testing.T, s *site, _ lake.Day, b lake.Batch) {
			b.Inputs[0].Lines++
			b.Inputs[0].Skipped++
			write(t, lake.WriteBatch(t.Context(), s.Lake, b))
		}, Different, "runs/batches/000001.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := stories(t)
			made, err := lake.Days(t.Context(), s.Lake)
			if err != nil {
				t.Fatal(err)
			}
			batches, err := lake.Batches(t.Context(), s.Lake)
			if err != nil {
				t.Fatal(err)
			}
			day := made[slices.Max(slices.Collect(maps.Keys(made)))]
			test.harm(t, s, day, batches[0])
			recompute := RecomputeNothing
			if test.kind == Different {
				recompute = RecomputeStaged
			}
			if test.kind == Different && test.object != "" {
				recompute = RecomputeRaw
			}
			v, err := s.Verify(t.Context(), VerifyOptions{Warehouse: true, Recompute: recompute})
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(v.Findings, func(f Finding) bool {
				return f.Kind == test.kind && (test.object == "" || f.Object == test.object) && f.Do != ""
			}) {
				t.Errorf("no finding is of the kind %s: %+v", test.kind, v.Findings)
			}
		})
	}
}

func write(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
