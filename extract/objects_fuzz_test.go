package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"sojourn/internal/bucket"
)

// compressions are ways to pack a text, by the ending of the object's name.
func compressions(t testing.TB, text string) map[string]string {
	t.Helper()
	packed := map[string]string{"": text}
	for ending, open := range map[string]func(io.Writer) io.WriteCloser{
		".gz": func(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) },
		".br": func(w io.Writer) io.WriteCloser { return brotli.NewWriterLevel(w, 1) },
		".zst": func(w io.Writer) io.WriteCloser {
			z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
			if err != nil {
				t.Fatal(err)
			}
			return z
		},
	} {
		var b bytes.Buffer
		w := open(&b)
		io.WriteString(w, text) // into memory
		w.Close()
		packed[ending] = b.String()
	}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	if err := w.WriteHeader(&tar.Header{Name: adobeHitFile, Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, text) // into memory
	w.Close()
	packed[".tar"] = archive.String()
	archive.Reset()
	z := zip.NewWriter(&archive)
	file, err := z.Create(adobeHitFile)
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(file, text) // into memory
	z.Close()
	packed[".zip"] = archive.String()
	return packed
}

// Whatever an object has in it, and however its source says to read it: reading
// ends, counts every record, and takes memory in proportion to what there is.
func FuzzObjects(f *testing.F) {
	const most = 1 << 20 // bytes, decompressed
	formats := Formats()
	text := openLine + "\n" + strings.Repeat("a\tb,\"c\"\n", 3)
	for ending, content := range compressions(f, text) {
		for i := range formats {
			f.Add(uint8(i), ending, []byte(content))
		}
	}
	f.Fuzz(func(t *testing.T, format uint8, ending string, content []byte) {
		switch ending {
		case "", ".gz", ".br", ".zst", ".tar", ".zip":
		default:
			return
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "in"+ending), content, 0o666); err != nil {
			t.Fatal(err)
		}
		b, err := bucket.Open(t.Context(), dir, false, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		r := newReading()
		r.source = Source{Name: "app", Bucket: b, Format: formats[int(format)%len(formats)], Limits: Limits{ObjectBytes: most}}
		r.object = bucket.Object{Name: "in" + ending, Version: "v", Size: int64(len(content))}
		how, _ := formatNamed(r.source.Format)
		// A window of zstd and the table of a decoder cost what they cost.
		CheckAllocated(t, int64(len(content)), 64<<20, 300, func() { err = r.read(t.Context(), how) })
		in := r.input
		if err != nil || in.Lines != in.Events+in.Quarantined+in.Aliases+in.Skipped {
			t.Errorf("%s: %+v, %v", r.source.Format, in, err)
		}
	})
}

// Whatever a text says of a time, it is read as one time or as none, and a
// number within what can be said is exact.
func FuzzMoment(f *testing.F) {
	for _, text := range []string{
		"2026-10-01T12:00:00Z", "0000-01-01T00:00:00+23:59", "9999-12-31 23:59:60.999999999-2359", "9223372036854775807", "-9223372036854775808",
		"1e18", "0.0000001", "1790856000.123456789", "NaN", "0x1p-2", strings.Repeat("9", 400), "2026-02-30T00:00:00Z",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, written string) {
		for _, unit := range []int64{0, 1, 1e3, 1e6} {
			for _, kind := range []kind{text, number} {
				v := value{kind: kind, bytes: []byte(written)}
				CheckAllocated(t, int64(len(written)), 64<<10, 8, func() {
					at, problem := parseMoment(v, unit)
					again, _ := parseMoment(v, unit)
					if at != again || problem != "" && at != 0 || at == math.MinInt64 {
						t.Errorf("%q in %d: %d, %d, %q", written, unit, at, again, problem)
					}
					if len(problem) > 400 {
						t.Errorf("%q: %d bytes of explanation", written, len(problem))
					}
				})
			}
		}
	})
}
