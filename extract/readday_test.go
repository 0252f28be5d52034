package extract_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"sojourn/extract"
	"sojourn/internal/lake"
)

// A subject with more events than are held in one slice comes as one, in order
// and complete, from as many files as its objects were read into; and those
// before and after it come as they are.
func TestReadDayOfASubjectWithVeryMany(t *testing.T) {
	const page = 1 << 15
	start := time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)
	record := func(device string, n int) string {
		return fmt.Sprintf(`{"event_id":"%06d","device_id":%q,"event_name":"tap","ts":%d}`+"\n",
			n, device, start.Add(time.Duration(n)*time.Second/2).UnixMilli())
	}
	for _, objects := range [][]int{{page}, {page + 1}, {2 * page, 1}, {page + 7, page, 3}} {
		raw, lakeBucket := openBucket(t, nil), openBucket(t, nil)
		source := extract.FlatSource()
		source.Bucket = raw
		total := 0
		for _, n := range objects {
			total += n
		}
		for i, n := range objects {
			var content strings.Builder
			for k := range n {
				content.WriteString(record("bot", i+k*len(objects))) // by turns with those of the other objects, as far as they go
			}
			content.WriteString(record("a human", i) + record("human", i))
			put(t, raw, fmt.Sprint(i), content.String())
			stage(t, lakeBucket, source, extract.Options{Now: now}) // a file each
		}
		done, err := lake.Batches(t.Context(), lakeBucket)
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]int{}
		for _, files := range lake.Staged(done) {
			if len(files) != len(objects) {
				t.Fatalf("%d files, want one for each of %d objects", len(files), len(objects))
			}
			for events, err := range extract.ReadDay(t.Context(), lakeBucket, files) {
				if err != nil {
					t.Fatal(err)
				}
				if _, again := got[events[0].DeviceID]; again {
					t.Errorf("%v: %s comes twice", objects, events[0].DeviceID)
				}
				seen := map[string]bool{}
				for i := range events {
					if i > 0 && events[i-1].Compare(&events[i]) >= 0 {
						t.Fatalf("%v: event %d of %s is not after the one before it", objects, i, events[0].DeviceID)
					}
					seen[events[i].Object+" "+events[i].ID] = true
				}
				got[events[0].DeviceID] = len(seen)
			}
		}
		if got["bot"] != total || got["a human"] != len(objects) || got["human"] != len(objects) || len(got) != 3 {
			t.Errorf("%v: got %v", objects, got)
		}
	}
}
