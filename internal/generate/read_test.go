package generate

import (
	"bytes"
	stdgzip "compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"

	"sojourn/internal/bucket"
)

// record is what a plain reader makes of a line.
type record struct {
	ID         string    `json:"event_id"`
	User       string    `json:"user_id"`
	Device     string    `json:"device_id"`
	Name       string    `json:"event_name"`
	Timestamp  time.Time `json:"timestamp"`
	ReceivedAt time.Time `json:"received_at"`
	Platform   string    `json:"platform"`
	Country    string    `json:"country"`
	Properties any       `json:"properties"`

	line   string
	object string
}

func (r *record) at() int64 { return r.Timestamp.UnixMilli() }

func (r *record) background() bool {
	return r.Name == "push_received" || r.Name == "background_refresh"
}

// found is what a plain reader finds in a bucket.
type found struct {
	objects  map[string][]byte
	sessions []Session
	fates    map[string]Fate
	summary  Summary

	// Set by readEvents.
	lines     int
	records   []record // of the lines that are good, in the order of object names
	bad       int
	truncated int
}

// generated writes what the options say and reads it back.
func generated(t testingT, o Options) (found, Summary) {
	t.Helper()
	ctx := context.Background()
	b, err := bucket.Open(ctx, "mem://", false, nil)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := Write(ctx, b, o)
	if err != nil {
		t.Fatal(err)
	}
	f := found{objects: map[string][]byte{}, fates: map[string]Fate{}}
	for o, err := range b.List(ctx, "") {
		if err != nil {
			t.Fatal(err)
		}
		data, err := b.Read(ctx, o.Name)
		if err != nil {
			t.Fatal(err)
		}
		f.objects[o.Name] = data
		if strings.HasPrefix(o.Name, "events/") {
			continue
		}
		text, _ := unpack(t, o.Name, data)
		switch o.Name {
		case "truth/summary.json":
			if err := json.Unmarshal(text, &f.summary); err != nil {
				t.Fatal(err)
			}
		case "truth/sessions.ndjson":
			f.sessions = linesOf[Session](t, text)
		case "truth/events.ndjson.gz":
			for _, fate := range linesOf[Fate](t, text) {
				if _, twice := f.fates[fate.EventID]; twice {
					t.Errorf("event %s has two fates", fate.EventID)
				}
				f.fates[fate.EventID] = fate
			}
		default:
			t.Errorf("unexpected object %s", o.Name)
		}
	}
	return f, sum
}

// testingT is what *testing.T and *rapid.T have in common.
type testingT interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// unpack returns the text of an object, by its content, and whether its end is
// there.
func unpack(t testingT, name string, data []byte) (text []byte, whole bool) {
	t.Helper()
	var err error
	switch {
	case bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		var z *stdgzip.Reader
		if z, err = stdgzip.NewReader(bytes.NewReader(data)); err == nil {
			text, err = io.ReadAll(z)
		}
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return text, false
		}
	case strings.HasSuffix(name, ".zst"):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(nil); err == nil {
			defer z.Close()
			text, err = z.DecodeAll(data, nil)
		}
	default:
		text = data
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return text, true
}

// readEvents reads all the objects with events.
func (f *found) readEvents(t testingT) {
	t.Helper()
	for _, object := range slices.Sorted(maps.Keys(f.objects)) {
		if !strings.HasPrefix(object, "events/") {
			continue
		}
		text, whole := unpack(t, object, f.objects[object])
		if !whole {
			f.truncated++
		}
		for line := range strings.Lines(string(text)) {
			f.lines++
			r := record{line: line, object: object}
			if err := json.Unmarshal([]byte(line), &r); err != nil || r.Timestamp.IsZero() || r.User == "" && r.Device == "" {
				f.bad++
				continue
			}
			f.records = append(f.records, r)
		}
	}
}

// distinct returns the first delivery of every event.
func (f *found) distinct() []record {
	seen := map[string]bool{}
	var distinct []record
	for _, r := range f.records {
		if !seen[r.ID] {
			seen[r.ID] = true
			distinct = append(distinct, r)
		}
	}
	return distinct
}

func linesOf[T any](t testingT, text []byte) []T {
	t.Helper()
	var all []T
	for d := json.NewDecoder(bytes.NewReader(text)); d.More(); {
		var v T
		if err := d.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}
