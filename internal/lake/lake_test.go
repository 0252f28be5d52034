package lake_test

import (
	"context"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
)

const day = calendar.Day(20000)

func batch(id string, inputs ...lake.Input) lake.Batch {
	return lake.Batch{ID: id, Inputs: inputs, Staged: []lake.File{{Object: "events/" + id, Day: day}}}
}

// Events count by the latest reading of their object that came to its end; a
// reading that broke off, which has no version, counts only if there is none.
func TestStagedCountsTheLatestWholeReading(t *testing.T) {
	whole := func(object, version string) lake.Input {
		return lake.Input{Source: "app", Object: object, Version: version, Events: 1}
	}
	broken := func(object string) lake.Input {
		return lake.Input{Source: "app", Object: object, Events: 1, Error: "connection reset"}
	}
	forbidden := lake.Input{Source: "app", Object: "f", Error: "permission denied"}
	key := func(object string) []lake.ObjectKey { return []lake.ObjectKey{{Source: "app", Object: object}} }
	for _, test := range []struct {
		name    string
		batches []lake.Batch
		want    [][]lake.ObjectKey // superseded, by file
	}{
		{"read once", []lake.Batch{batch("000001", whole("a", "1"))}, [][]lake.ObjectKey{nil}},
		{"replaced", []lake.Batch{batch("000001", whole("a", "1"), whole("b", "1")), batch("000002", whole("a", "2"))},
			[][]lake.ObjectKey{key("a"), nil}},
		{"not read again for trouble", []lake.Batch{batch("000001", whole("a", "1")), batch("000002", broken("a"))},
			[][]lake.ObjectKey{nil, key("a")}},
		{"trouble first", []lake.Batch{batch("000001", broken("a")), batch("000002", whole("a", "1"))},
			[][]lake.ObjectKey{key("a"), nil}},
		{"trouble twice", []lake.Batch{batch("000001", broken("a")), batch("000002", broken("a"))},
			[][]lake.ObjectKey{key("a"), nil}},
		{"nothing was read that could stop counting", []lake.Batch{batch("000001", whole("a", "1"), forbidden), batch("000002", forbidden)},
			[][]lake.ObjectKey{nil, nil}},
		{"trouble between", []lake.Batch{batch("000001", whole("a", "1")), batch("000002", broken("a")), batch("000003", whole("a", "2"))},
			[][]lake.ObjectKey{key("a"), key("a"), nil}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got [][]lake.ObjectKey
			for _, f := range lake.Staged(test.batches)[day] {
				got = append(got, f.Superseded)
				if (f.SupersededSHA256 == "") != (f.Superseded == nil) {
					t.Errorf("%s: digest %q of %v", f.Object, f.SupersededSHA256, f.Superseded)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What a killed writer leaves beside the manifests is no manifest, and no id
// is given twice.
func TestManifests(t *testing.T) {
	ctx := context.Background()
	b, err := bucket.Open(ctx, t.TempDir(), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, id := range []string{"000001", "000002", "000004"} {
		if err := lake.WriteBatch(ctx, b, batch(id)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"runs/batches/000005.json.1f2e.tmp", "runs/days/2026-01-01.json.1f2e.tmp"} {
		if err := b.Put(ctx, name, func(w io.Writer) error { _, err := io.WriteString(w, `{"id":"0000`); return err }); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 40 {
		if err := lake.WriteDay(ctx, b, lake.Day{Day: day + calendar.Day(n), Zone: fmt.Sprint(n)}); err != nil {
			t.Fatal(err)
		}
	}
	batches, err := lake.Batches(ctx, b)
	if err != nil {
		t.Fatal(err)
	}
	if next := lake.NextBatch(batches); len(batches) != 3 || next != "000005" {
		t.Errorf("%d batches, then %s", len(batches), next)
	}
	if next := lake.NextBatch(nil); next != "000001" {
		t.Errorf("the first batch is %s", next)
	}
	days, err := lake.Days(ctx, b)
	if err != nil || len(days) != 40 || days[day+39].Zone != "39" {
		t.Errorf("%d days, %v", len(days), err)
	}
	if err := b.Put(ctx, "runs/days/2027-01-01.json", func(w io.Writer) error { _, err := io.WriteString(w, `{"day`); return err }); err != nil {
		t.Fatal(err)
	}
	if _, err := lake.Days(ctx, b); err == nil {
		t.Error("a manifest that cannot be read was passed over")
	}
}
