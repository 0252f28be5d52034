package extract_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sojourn/extract"
	"sojourn/internal/lake"
)

// repeatedly is a MiB of text, compressed, so many times one after the other.
func repeatedly(t testing.TB, times int, text string, open func(io.Writer) io.WriteCloser) string {
	t.Helper()
	var b bytes.Buffer
	w := open(&b)
	if _, err := io.WriteString(w, strings.Repeat(text, 1<<20/len(text))); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(b.String(), times)
}

func inGzip(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

func inZstd(w io.Writer) io.WriteCloser {
	z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err) // none of these options can be wrong
	}
	return z
}

func inBrotli(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) }

// What becomes far more than it is when it is decompressed is read no further
// than to the limit, in little memory, and says so in one record.
func TestBombs(t *testing.T) {
	const enough = 64 << 20 // bytes in use at once
	tooLong := "reading ended in line 1: it becomes more than 500 times as long when it is decompressed, as no events do: max_ratio under limits allows more"
	for _, test := range []struct {
		name, object, content string
		limits                extract.Limits
		lines                 int64
		want                  string
	}{
		{"gzip, zeros", "in", repeatedly(t, 600, "\x00", inGzip), extract.Limits{}, 1, tooLong},
		{"gzip, blank lines", "in", repeatedly(t, 600, "\n", inGzip), extract.Limits{ObjectBytes: 8 << 20}, 1,
			"reading ended in line 8421377: it becomes more than 8 MiB when it is decompressed: max_object_bytes under limits allows more"},
		{"zstd, zeros", "in", repeatedly(t, 600, "\x00", inZstd), extract.Limits{}, 1, tooLong},
		{"brotli, too many bytes", "in.br", repeatedly(t, 1, "\x00", inBrotli), extract.Limits{ObjectBytes: 1 << 19}, 1,
			"reading ended in line 1: it becomes more than 512 KiB when it is decompressed: max_object_bytes under limits allows more"},
		{"as it is, too many bytes", "in", one + "\n" + one, extract.Limits{ObjectBytes: int64(len(one) + 2)}, 2,
			fmt.Sprintf("reading ended in line 2: it becomes more than %d bytes when it is decompressed: max_object_bytes under limits allows more", len(one)+2)},
	} {
		t.Run(test.name, func(t *testing.T) {
			source := minimal
			source.Name, source.Limits = "app", test.limits
			source.Bucket = openBucket(t, map[string]string{test.object: test.content})
			lakeBucket := openBucket(t, nil)
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			batch := stage(t, lakeBucket, source, extract.Options{Now: now})
			runtime.ReadMemStats(&after)
			if used := int64(after.HeapSys) - int64(before.HeapSys); used > enough {
				t.Errorf("it took %d MiB", used>>20)
			}
			in := batch.Inputs[0]
			if in.Error != test.want || in.Version == "" || in.Lines != test.lines || in.Quarantined != 1 {
				t.Errorf("input %+v, want error %q", in, test.want)
			}
			if got := quarantine(t, lakeBucket, batch)[0]; got.Reason != "object_too_big" || len(got.Raw) > 0 {
				t.Errorf("in quarantine: %s with %d bytes", got.Reason, len(got.Raw))
			}

			// It is read again once the limit is another.
			for _, limits := range []struct {
				extract.Limits
				pending int
			}{{test.limits, 0}, {extract.Limits{ObjectBytes: 1 << 40, Ratio: 1 << 20}, 1}} {
				source.Limits = limits.Limits
				pending, _, err := extract.ListPending(t.Context(), []extract.Source{source}, []lake.Batch{batch})
				if err != nil || len(pending) != limits.pending {
					t.Errorf("pending within %+v: %v, %v", limits.Limits, pending, err)
				}
			}
		})
	}
}

// Within the limits nothing is a bomb, however often the same comes again.
func TestNoBomb(t *testing.T) {
	line := one + "\n"
	events, rejects := staged(t, minimal, repeatedly(t, 3, line, inGzip))
	if want := 3 * (1 << 20 / len(line)); len(events)+len(rejects) != want || len(rejects) > 0 {
		t.Errorf("%d events, %d in quarantine, want %d events", len(events), len(rejects), want)
	}
}

// What is packed twice is one record in quarantine that says so.
func TestPackedTwice(t *testing.T) {
	var twice bytes.Buffer
	w := inGzip(&twice)
	io.WriteString(w, repeatedly(t, 1, one+"\n", inZstd)) // into memory
	w.Close()
	_, rejects := staged(t, minimal, twice.String())
	want := "1 unreadable_object: there is zstd inside of another compression, which is not read: decompress it once"
	if len(rejects) != 1 || rejects[0] != want {
		t.Errorf("in quarantine: %q, want %q", rejects, want)
	}
}
