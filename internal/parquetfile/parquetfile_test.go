package parquetfile_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
)

// A visit has a column of every kind that our tables have.
type visit struct {
	Day     calendar.Day `parquet:"day,date"`
	At      int64        `parquet:"at,timestamp(microsecond)"`
	User    string       `parquet:"user"`
	Country string       `parquet:"country,optional"`
	Window  int64        `parquet:"window,optional"`
	Seconds *float64     `parquet:"seconds,optional"`
	Count   *int64       `parquet:"count,optional"`
	Length  float64      `parquet:"length"`
	Open    bool         `parquet:"open"`
}

var genVisit = rapid.Custom(func(t *rapid.T) visit {
	return visit{
		Day:     calendar.Day(rapid.Int32Range(-30_000, 30_000).Draw(t, "day")),
		At:      rapid.Int64().Draw(t, "at"),
		User:    rapid.String().Draw(t, "user"),
		Country: rapid.SampledFrom([]string{"", "PT", "DE"}).Draw(t, "country"),
		Window:  rapid.Int64Range(0, 3).Draw(t, "window"),
		Seconds: rapid.Ptr(rapid.Float64(), true).Draw(t, "seconds"),
		Count:   rapid.Ptr(rapid.Int64(), true).Draw(t, "count"),
		Length:  rapid.Float64().Draw(t, "length"),
		Open:    rapid.Bool().Draw(t, "open"),
	}
})

func TestRowsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(genVisit).Draw(t, "rows")
		data, err := parquetfile.Encode(rows)
		if err != nil {
			t.Fatal(err)
		}
		again, err := parquetfile.Encode(rows)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(data, again) {
			t.Fatal("equal rows made different bytes")
		}
		got, err := parquetfile.Decode[visit](data)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(rows, got); diff != "" && len(rows)+len(got) > 0 {
			t.Fatalf("rows (-written +read):\n%s", diff)
		}
	})
}

// However rows are divided, the file is the same, and the rows that are read.
func TestRowsInPieces(t *testing.T) {
	pieces := func(t *rapid.T, label string, n int) []int {
		var ends []int
		for at := 0; at < n; {
			at = min(n, at+rapid.IntRange(1, 70_000).Draw(t, label))
			ends = append(ends, at)
		}
		return ends
	}
	rows := make([]visit, 130_000)
	for i := range rows {
		rows[i] = visit{At: int64(i) * 7919 % 1_000_003, User: strings.Repeat("ann", i%40), Window: int64(i % 2), Length: float64(i)}
	}
	rapid.Check(t, func(t *rapid.T) {
		rows := rows[:rapid.IntRange(0, len(rows)).Draw(t, "rows")]
		whole, err := parquetfile.Encode(rows)
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		w, err := parquetfile.NewWriter[visit](&file)
		if err != nil {
			t.Fatal(err)
		}
		from := 0
		for _, end := range pieces(t, "written", len(rows)) {
			if err := w.Write(rows[from:end]); err != nil {
				t.Fatal(err)
			}
			from = end
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(file.Bytes(), whole) {
			t.Fatalf("a file of %d rows written in pieces differs from one written at once", len(rows))
		}
		r, err := parquetfile.NewReader[visit](bytes.NewReader(whole), int64(len(whole)))
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		from = 0
		for _, end := range append(pieces(t, "read", len(rows)), len(rows)) {
			got, err := r.Read(end - from)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(got, rows[from:end], func(a, b visit) bool { return a == b }) {
				t.Fatalf("rows %d to %d are not what was written", from, end)
			}
			from = end
		}
		if got, err := r.Read(1); err != nil || len(got) > 0 {
			t.Fatalf("after the end: %v, %v", got, err)
		}
	})
}

func TestRowsComeBackFromSeveralRowGroups(t *testing.T) {
	rows := make([]visit, 250_001)
	for i := range rows {
		rows[i] = visit{At: int64(i), User: "ann", Window: int64(i % 2), Length: float64(i)}
	}
	data, err := parquetfile.Encode(rows)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parquetfile.Decode[visit](data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows, got); diff != "" {
		t.Fatalf("rows (-written +read):\n%s", diff)
	}
}

func TestTableWithoutRowsHasItsSchema(t *testing.T) {
	data, err := parquetfile.Encode[visit](nil)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	want := `message visit {
	required int32 day (DATE);
	required int64 at (TIMESTAMP(isAdjustedToUTC=true,unit=MICROS));
	required binary user (STRING);
	optional binary country (STRING);
	optional int64 window (INT(64,true));
	optional double seconds;
	optional int64 count (INT(64,true));
	required double length;
	required boolean open;
}`
	if diff := cmp.Diff(want, file.Schema().String()); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	if got := file.Metadata().CreatedBy; got != "sojourn" {
		t.Errorf("created by %q: the bytes would change with the library", got)
	}
}

func TestDamagedFileIsAnError(t *testing.T) {
	data, err := parquetfile.Encode([]visit{{User: "ann"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, damaged := range [][]byte{nil, []byte("PAR1"), data[:len(data)-1], data[:len(data)/2]} {
		if _, err := parquetfile.Decode[visit](damaged); err == nil {
			t.Errorf("decoded %d bytes of %d", len(damaged), len(data))
		}
	}
}

// A null stays null wherever it stands: at every place in runs of every length.
func TestEveryNullStaysNull(t *testing.T) {
	type row struct {
		Text   string `parquet:"text,optional"`
		Number int64  `parquet:"number,optional"`
	}
	rapid.Check(t, func(t *rapid.T) {
		given := rapid.SliceOfN(rapid.Bool(), 1, 200).Draw(t, "given")
		rows := make([]row, len(given))
		nulls := int64(0)
		for i, has := range given {
			if has {
				rows[i] = row{"x", 7}
			} else {
				nulls++
			}
		}
		data, err := parquetfile.Encode(rows)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for c, chunk := range file.RowGroups()[0].ColumnChunks() {
			pages := chunk.Pages()
			found := int64(0)
			for page, err := pages.ReadPage(); err == nil; page, err = pages.ReadPage() {
				found += page.NumNulls()
			}
			pages.Close()
			if found != nulls {
				t.Fatalf("column %d has %d nulls, want %d", c, found, nulls)
			}
		}
	})
}

func TestFileOfAnOlderVersionIsRead(t *testing.T) {
	type older struct {
		Day  calendar.Day `parquet:"day,date"`
		Gone string       `parquet:"gone"`
		User string       `parquet:"user"`
	}
	data, err := parquetfile.Encode([]older{{1, "x", "ann"}, {2, "y", "bob"}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := parquetfile.Decode[visit](data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]visit{{Day: 1, User: "ann"}, {Day: 2, User: "bob"}}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	type other struct {
		User int64 `parquet:"user"`
	}
	if rows, err := parquetfile.Decode[other](data); err == nil {
		t.Errorf("a text was read as a number: %v", rows)
	}
}
