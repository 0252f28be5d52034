package extract

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	types "github.com/parquet-go/parquet-go/format"

	"sojourn/internal/calendar"
)

// packings are files of the same rows in each encoding and compression.
func packings(t testing.TB) map[string]string {
	t.Helper()
	type row struct {
		Name  string  `parquet:"event_name,delta"`
		Time  int64   `parquet:"event_timestamp,delta"`
		User  string  `parquet:"user_id,dict"`
		Plain *string `parquet:"plain"`
		Flag  bool    `parquet:"flag"`
	}
	var rows []row
	for i := range 600 {
		r := row{fmt.Sprintf("open the door %d", i/3), 1790856000_000000 + int64(i)*int64(i), fmt.Sprint("u", i%7), nil, i%5 == 0}
		if i%4 > 0 {
			text := strings.Repeat("x", i%9)
			r.Plain = &text
		}
		rows = append(rows, r)
	}
	files := map[string]string{}
	for name, codec := range map[string]compress.Codec{
		"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "gzip": &parquet.Gzip, "brotli": &parquet.Brotli, "zstd": &parquet.Zstd, "lz4": &parquet.Lz4Raw,
	} {
		for version := range 2 {
			var b bytes.Buffer
			w := parquet.NewGenericWriter[row](&b, parquet.Compression(codec), parquet.DataPageVersion(version+1), parquet.PageBufferSize(1000))
			if _, err := w.Write(rows); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			files[fmt.Sprintf("%s %d", name, version+1)] = b.String()
		}
	}
	return files
}

var packedColumns = []string{"event_name", "event_timestamp", "user_id", "plain", "flag"}

// However a writer compresses and encodes, the rows are the same.
func TestPackings(t *testing.T) {
	var first string
	for name, content := range packings(t) {
		file := spooledFile(t, t.TempDir(), content)
		got, err := records(t, file, packedColumns...)
		if err != nil || len(got) != 600 {
			t.Errorf("%s: %d records, %v", name, len(got), err)
			continue
		}
		text := strings.Join(got, "\n")
		if first == "" {
			first = text
		}
		if text != first {
			t.Errorf("%s: other records", name)
		}
		file.Close() // read-only: nothing to lose
	}
}

// What runs and lengths inside of a page tell is believed only as far as the
// page has values.
func TestPagesThatTellOfTooMuch(t *testing.T) {
	uvarint := func(n ...uint64) (b []byte) {
		for _, n := range n {
			b = binary.AppendUvarint(b, n)
		}
		return b
	}
	const many = 1 << 30
	header := func(total uint64) []byte { return append(uvarint(128, 4, total), 0) }
	zeros := make([]byte, 5) // a block of numbers without differences
	for _, test := range []struct {
		name     string
		encoding types.Encoding
		data     []byte
		good     bool
	}{
		{"a run of as many", types.RLEDictionary, append([]byte{1}, append(uvarint(100<<1), 0)...), true},
		{"a run of more", types.RLEDictionary, append([]byte{1}, append(uvarint(many<<1), 0)...), false},
		{"many runs", types.RLEDictionary, append([]byte{1}, bytes.Repeat(append(uvarint(100<<1), 0), 20)...), false},
		{"packed numbers of no bits", types.RLEDictionary, append([]byte{0}, uvarint(many<<1|1)...), false},
		{"packed numbers that end early", types.RLEDictionary, append([]byte{8}, uvarint(12<<1|1)...), false},
		{"numbers of 200 bits", types.RLEDictionary, []byte{200, 2, 0}, false},
		{"bits", types.RLE, append(binary.LittleEndian.AppendUint32(nil, 6), append(uvarint(many<<1), 0)...), false},
		{"differences of as many", types.DeltaBinaryPacked, append(header(100), zeros...), true},
		{"differences of more", types.DeltaBinaryPacked, header(many), false},
		{"lengths of more", types.DeltaLengthByteArray, header(many), false},
		{"a length beyond the page", types.DeltaLengthByteArray, append(uvarint(128, 4, 1), binary.AppendVarint(nil, many)...), false},
		{"a negative length", types.DeltaLengthByteArray, append(uvarint(128, 4, 1), binary.AppendVarint(nil, -1)...), false},
		{"values that begin like the one before", types.DeltaByteArray, bytes.Join([][]byte{
			uvarint(128, 4, 100), binary.AppendVarint(nil, 64<<20), zeros, // each begins with 64 MiB of it
			header(100), zeros,
		}, nil), false},
		{"blocks of nothing", types.DeltaBinaryPacked, append(uvarint(0, 0, 10), 0), false},
		{"parts of a block that are more than it", types.DeltaBinaryPacked, append(uvarint(128, 1<<20, 10), 0), false},
	} {
		p := &pageReader{leafShape: leafShape{kind: parquet.ByteArray}}
		CheckAllocated(t, 0, 1<<20, 0, func() {
			err := p.values(test.data, pageHeader{pageNumbers: pageNumbers{values: 100, encoding: int64(test.encoding)}})
			if (err == nil) != test.good {
				t.Errorf("%s: error %v", test.name, err)
			}
		})
	}
}

// A page that becomes more than it says is not decompressed to its end.
func TestPagesThatBecomeTooMuch(t *testing.T) {
	zeros := make([]byte, 16<<20)
	for _, codec := range []compress.Codec{&parquet.Snappy, &parquet.Gzip, &parquet.Brotli, &parquet.Zstd, &parquet.Lz4Raw} {
		packed, err := codec.Encode(nil, zeros)
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int64{0, 1000, int64(len(zeros)) - 1, int64(len(zeros))} {
			p := &pageReader{codec: codec.CompressionCodec()}
			CheckAllocated(t, size, 9<<20, 3, func() {
				got, err := p.decompress(packed, size)
				if (err == nil) != (size == int64(len(zeros))) || err == nil && len(got) != len(zeros) {
					t.Errorf("%s into %d bytes: %d, %v", codec, size, len(got), err)
				}
			})
		}
		for range 2 { // a reader is used again
			p := &pageReader{codec: codec.CompressionCodec()}
			for range 2 {
				if got, err := p.decompress(packed, int64(len(zeros))); err != nil || len(got) != len(zeros) {
					t.Errorf("%s: %d bytes, %v", codec, len(got), err)
				}
			}
		}
	}
	// The library makes room for ever more where such a page is corrupt.
	p := &pageReader{codec: types.Lz4Raw}
	if _, err := p.decompress([]byte{0xf0, 0xff, 0xff}, 100); err == nil {
		t.Error("took a corrupt page of lz4")
	}
}

// described is a file with such a description and nothing else.
func described(t testing.TB, description []byte) string {
	t.Helper()
	return "PAR1" + string(description) + string(binary.LittleEndian.AppendUint32(nil, uint32(len(description)))) + "PAR1"
}

// descriptions are descriptions that would take far more memory than they have
// bytes, or go deeper than a program may.
func descriptions() map[string][]byte {
	list := func(id byte, n int, element []byte) []byte { // of structs
		b := append([]byte{id<<4 | thriftList, 15<<4 | thriftStruct}, binary.AppendUvarint(nil, uint64(n))...)
		return append(b, bytes.Repeat(element, n)...)
	}
	schema := func(n int, children uint64) []byte {
		element := append([]byte{4<<4 | thriftBytes, 1, 'a', 1<<4 | thriftInt32}, append(binary.AppendUvarint(nil, children<<1), 0)...)
		return append([]byte{1<<4 | thriftInt32, 2}, list(1, n, element)...) // the version, then the columns
	}
	leaf := []byte{0}
	join := func(parts ...[]byte) []byte { return append(bytes.Join(parts, nil), 0) }
	return map[string][]byte{
		"deep":       join(schema(500_000, 1)),
		"wide":       join(schema(2_000_000, 0)),
		"row groups": join(schema(2, 1), []byte{1<<4 | 6, 0}, list(1, 2_000_000, leaf)),
		"chunks": join(schema(2, 1), []byte{1<<4 | 6, 0}, list(1, 1,
			append(list(1, 2_000_000, leaf), 0))),
		"metadata": join(schema(2, 1), []byte{1<<4 | 6, 0}, list(2, 2_000_000, leaf)),
	}
}

func TestDescriptionsThatTakeTooMuch(t *testing.T) {
	for name, description := range descriptions() {
		file := spooledFile(t, t.TempDir(), described(t, description))
		CheckAllocated(t, file.size, 1<<20, 2, func() {
			if _, err := openParquet(file); err == nil || strings.Contains(err.Error(), "damaged") {
				t.Errorf("%s: opened with %v", name, err)
			}
		})
		file.Close() // read-only: nothing to lose
	}
}

// However a file of any encoding is damaged, nothing panics and little memory is
// taken.
func FuzzParquetPages(f *testing.F) {
	all := packings(f)
	names := []string{"plain 1", "plain 2", "snappy 2", "gzip 1", "brotli 2", "zstd 1", "lz4 1", "lz4 2"}
	f.Add(uint8(0), uint16(30), []byte{0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Add(uint8(1), uint16(300), []byte{0xfe, 0xff, 0xff, 0xff, 0x0f})
	f.Add(uint8(6), uint16(700), []byte{0})
	f.Fuzz(func(t *testing.T, which uint8, position uint16, change []byte) {
		damaged := []byte(all[names[int(which)%len(names)]])
		copy(damaged[int(position)%len(damaged):], change)
		file := spooledFile(t, t.TempDir(), string(damaged))
		defer file.Close()
		CheckAllocated(t, file.size, 32<<20, 100, func() {
			r := &reading{worker: newWorker(&batch{options: Options{Now: calendar.UTC.Start(calendar.Date(2026, 10, 10))}}, 1<<30)}
			r.source = Source{Name: "app", Format: "parquet", Fields: map[string]Field{
				"event_name": {Path: "event_name"}, "timestamp": {Path: "event_timestamp", Unit: "us"}, "user_id": {Path: "user_id"}, "screen": {Path: "plain"}, "crash": {Path: "flag"},
			}}
			if table, err := openParquetTable(file, r.source); err == nil {
				for got, n := 0, 1; n > 0 && err == nil && got < 10_000; got += n {
					err = guarded(func() (err error) { n, err = table.decode(); return err })
				}
				table.close()
			}
			records(t, file, packedColumns...) // an error is as good as rows
		})
	})
}
