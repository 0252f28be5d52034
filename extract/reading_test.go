package extract

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
)

const openLine = `{"event_id":"1","user_id":"ann","event_name":"open","timestamp":"2026-10-01T12:00:00Z"}`

func newReading() *reading {
	b := &batch{options: Options{Now: calendar.UTC.Start(calendar.Date(2026, 10, 10))}}
	return &reading{
		worker: newWorker(b, 1<<30),
		source: Source{Name: "app", Format: "ndjson"},
		object: bucket.Object{Name: "a", Version: "v1"},
	}
}

// A connection that breaks is not the object's fault: what came before counts
// for now, and the object stays pending.
func TestBrokenConnection(t *testing.T) {
	r := newReading()
	broken := io.MultiReader(strings.NewReader(openLine+"\n"+openLine[:20]), iotest.ErrReader(errors.New("connection reset")))
	err := r.read(t.Context(), format{read: func(ctx context.Context, r *reading) error {
		return readNDJSON(ctx, &transport{broken, new(atomic.Int64)}, r)
	}})
	if err != nil {
		t.Fatal(err)
	}
	in := r.input
	if in.Version != "" || in.Events != 1 || in.Quarantined != 1 || !strings.Contains(in.Error, "connection reset") {
		t.Errorf("input %+v: want no version, one event, one record in quarantine and the reason", in)
	}
	if got := r.rejects[0]; got.Reason != unreadableObject || got.Line != 2 || string(got.Raw) != openLine[:20] {
		t.Errorf("in quarantine: line %d %s %q", got.Line, got.Reason, got.Raw)
	}
}

func TestReadAheadGivesTheSameBytes(t *testing.T) {
	content := strings.Repeat("0123456789", blockSize/4)
	for name, r := range map[string]io.Reader{
		"at once":            strings.NewReader(content),
		"one byte a time":    iotest.OneByteReader(strings.NewReader(content)),
		"error with data":    iotest.DataErrReader(strings.NewReader(content)),
		"half of what asked": iotest.HalfReader(strings.NewReader(content)),
	} {
		a := newReadAhead(r)
		got, err := io.ReadAll(a)
		a.Close()
		if err != nil || string(got) != content {
			t.Errorf("%s: %d bytes of %d, %v", name, len(got), len(content), err)
		}
	}
}

func TestReadAheadMayBeClosedEarly(t *testing.T) {
	a := newReadAhead(strings.NewReader(strings.Repeat("x", 10*blockSize)))
	if _, err := a.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	a.Close()
}
