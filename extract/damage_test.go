package extract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// ga4Rows is a small file of a GA4 export.
func ga4Rows(t testing.TB, options ...parquet.WriterOption) string {
	t.Helper()
	layout := ListLayouts()[0]
	text, number := parquet.Optional(parquet.String()), parquet.Optional(parquet.Int(64))
	group := parquet.Group{
		"event_name":      parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
		"event_timestamp": parquet.Int(64), "user_id": text,
		"event_params": layout.Node(parquet.Group{"key": parquet.String(), "value": parquet.Group{"int_value": number, "string_value": text}}),
	}
	parameter := func(key string, value map[string]any) any { return map[string]any{"key": key, "value": value} }
	var rows []map[string]any
	for i := range int64(5) {
		rows = append(rows, map[string]any{
			"event_name": "open", "event_timestamp": 1790856000_000000 + i, "user_id": "u",
			"event_params": []any{
				parameter("ga_session_id", map[string]any{"int_value": 1790855990 + i}),
				parameter("firebase_screen", map[string]any{"string_value": "Home"}),
			},
		})
	}
	return ShredParquet(t, layout, group, rows, options...)
}

// Wherever a file has a length that is far too great, reading it takes little
// memory: none is believed before it is compared with what there is.
func TestDamageCostsLittleMemory(t *testing.T) {
	const enough = 16 << 20
	content := ga4Rows(t, parquet.Compression(&parquet.Snappy))
	name := filepath.Join(t.TempDir(), "in.parquet")
	// As descriptions write the greatest number, the greatest length, and the
	// length of a list of a quarter of a million structs.
	for _, change := range []string{"\xfe\xff\xff\xff\x0f", "\xff\xff\xff\xff\x07", "\xfc\xff\xff\x0f"} {
		for position := range len(content) - len(change) {
			damaged := []byte(content)
			copy(damaged[position:], change)
			if err := os.WriteFile(name, damaged, 0o666); err != nil {
				t.Fatal(err)
			}
			f, err := os.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err = records(t, &spooled{f, int64(len(damaged)), f.Close}, "event_name", "event_timestamp", "user_id", "event_params")
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > enough {
				t.Errorf("bytes from %d on of %d are %x: %d MiB (error %v)", position, len(content), change, used>>20, err)
			}
			f.Close() // read-only: nothing to lose
		}
	}
}

// However a file is damaged, nothing panics, and what is read of it are
// records of JSON.
func FuzzParquetRecords(f *testing.F) {
	var files []string
	for _, options := range [][]parquet.WriterOption{
		{parquet.DataPageVersion(1)}, {parquet.DataPageVersion(2)}, {parquet.Compression(&parquet.Snappy)}, {parquet.PageBufferSize(1)},
	} {
		files = append(files, ga4Rows(f, options...))
	}
	f.Add(uint8(0), 20, []byte{1})
	f.Add(uint8(1), 200, []byte{0xff, 0xff, 0xff, 0xff, 0x07})
	f.Add(uint8(2), len(files[2])-12, []byte{0, 0})
	f.Add(uint8(3), len(files[3])/2, []byte("PAR1"))
	f.Fuzz(func(t *testing.T, which uint8, position int, change []byte) {
		damaged := []byte(files[int(which)%len(files)])
		if position < 0 || position >= len(damaged) {
			return
		}
		copy(damaged[position:], change)
		file := spooledFile(t, t.TempDir(), string(damaged))
		defer file.Close()
		got, err := records(t, file, ga4Paths()...)
		for _, record := range got {
			if !json.Valid([]byte(record)) {
				t.Errorf("record %q (error %v)", record, err)
			}
		}
	})
}
