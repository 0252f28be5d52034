package lake_test

import (
	"io"
	"testing"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
)

// Whatever a manifest has in it, it is read or refused, and reasoning about what
// was read ends.
func FuzzManifests(f *testing.F) {
	f.Add([]byte(`{"id":"000001","zone":"UTC","inputs":[{"source":"app","object":"a","version":"1","events":1}],"staged":[{"object":"e","day":"2026-10-01"}],"quarantine":[]}`),
		[]byte(`{"day":"2026-10-01","inputs":[],"tables":{"sessions":{"object":"s","day":"2026-10-01"}}}`))
	f.Add([]byte(`{}`), []byte(`{"day":"9999-12-31","before":{"day":"0000-01-01"}}`))
	f.Add([]byte(`{"id":"99999999999999999999"}`), []byte(`[`))
	f.Fuzz(func(t *testing.T, batch, day []byte) {
		b, err := bucket.Open(t.Context(), "mem://", true, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		for name, data := range map[string][]byte{"runs/batches/000001.json": batch, "runs/days/2026-10-01.json": day} {
			if err := b.Put(t.Context(), name, func(w io.Writer) error { _, err := w.Write(data); return err }); err != nil {
				t.Fatal(err)
			}
		}
		if done, err := lake.Batches(t.Context(), b); err == nil {
			lake.Staged(done)
			lake.Identity(done)
			lake.Present(done)
			if next := lake.NextBatch(done); next == "" {
				t.Error("no number for the next batch")
			}
		}
		if days, err := lake.Days(t.Context(), b); err == nil && len(days) > 1 {
			t.Errorf("%d days of one manifest", len(days))
		}
	})
}
