package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/deprecated"
	"pgregory.net/rapid"

	"sojourn/internal/bucket"
)

// spooledFile opens a file of some content.
func spooledFile(t testing.TB, dir, content string) *spooled {
	t.Helper()
	name := filepath.Join(dir, "in.parquet")
	if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return &spooled{f, int64(len(content)), f.Close}
}

// records reads all rows of a Parquet file as records.
func records(t testing.TB, file *spooled, paths ...string) (list []string, err error) {
	t.Helper()
	err = guarded(func() error {
		table, err := openRecords(file, newNode(splitPaths(paths)), make([]int64, len(paths)))
		if err != nil {
			return err
		}
		defer table.close()
		for {
			row, err := table.next()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			list = append(list, string(row.text))
		}
	})
	return list, err
}

// A drawn place is a node of a schema, with what draws a value for it.
type drawnPlace struct {
	node parquet.Node
	draw func(t *rapid.T) any
}

func drawPlace(t *rapid.T, layout ListLayout, depth int, required bool) drawnPlace {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	if depth == 0 {
		kind = min(kind, 3)
	}
	var p drawnPlace
	switch kind {
	case 0:
		p.node = parquet.String()
		p.draw = func(t *rapid.T) any {
			return rapid.SampledFrom([]string{"", "a", "é\"\\\n\x01", "{}"}).Draw(t, "text")
		}
	case 1:
		p.node = parquet.Int(64)
		p.draw = func(t *rapid.T) any { return rapid.Int64().Draw(t, "int") }
	case 2:
		p.node = parquet.Leaf(parquet.DoubleType)
		p.draw = func(t *rapid.T) any { return rapid.Float64Range(-1e9, 1e9).Draw(t, "double") }
	case 3:
		p.node = parquet.Leaf(parquet.BooleanType)
		p.draw = func(t *rapid.T) any { return rapid.Bool().Draw(t, "bool") }
	case 4:
		element := drawPlace(t, layout, depth-1, true) // layouts say themselves whether elements may be null
		if element.node.Repeated() {
			return element // no lists of lists there
		}
		p.node = layout.Node(element.node)
		p.draw = func(t *rapid.T) any {
			list := make([]any, rapid.IntRange(0, 3).Draw(t, "length"))
			for i := range list {
				if !layout.nullable || rapid.IntRange(0, 3).Draw(t, "null") > 0 {
					list[i] = element.draw(t)
				}
			}
			return list
		}
		if p.node.Repeated() {
			return p // a list that is never null
		}
	default:
		p = drawObject(t, layout, depth-1)
	}
	if !required && rapid.Bool().Draw(t, "optional") {
		p.node = parquet.Optional(p.node)
		draw := p.draw
		p.draw = func(t *rapid.T) any {
			if rapid.IntRange(0, 2).Draw(t, "null") == 0 {
				return nil
			}
			return draw(t)
		}
	}
	return p
}

func drawObject(t *rapid.T, layout ListLayout, depth int) drawnPlace {
	group, draws := parquet.Group{}, map[string]func(*rapid.T) any{}
	for i := range rapid.IntRange(1, 3).Draw(t, "fields") {
		name := fmt.Sprintf("f%d", i)
		p := drawPlace(t, layout, depth, false)
		group[name], draws[name] = p.node, p.draw
	}
	return drawnPlace{group, func(t *rapid.T) any {
		row := map[string]any{}
		for i := range len(draws) {
			name := fmt.Sprintf("f%d", i)
			row[name] = draws[name](t)
		}
		return row
	}}
}

// Whatever a row has, and however its lists are laid out, the record says the
// same as the row.
func TestRecordSaysWhatTheRowHas(t *testing.T) {
	for _, layout := range ListLayouts() {
		t.Run(layout.Name, func(t *testing.T) {
			dir := t.TempDir()
			rapid.Check(t, func(rt *rapid.T) {
				place := drawObject(rt, layout, 3)
				rows := make([]map[string]any, rapid.IntRange(0, 5).Draw(rt, "rows"))
				var want []string
				for i := range rows {
					rows[i] = place.draw(rt).(map[string]any)
					text, err := json.Marshal(rows[i])
					if err != nil {
						rt.Fatal(err)
					}
					want = append(want, string(text))
				}
				root := place.node.(parquet.Group)
				content := ShredParquet(t, layout, root, rows, parquet.PageBufferSize(rapid.IntRange(1, 200).Draw(rt, "page")),
					parquet.MaxRowsPerRowGroup(int64(rapid.IntRange(1, 4).Draw(rt, "group"))), parquet.DataPageVersion(rapid.IntRange(1, 2).Draw(rt, "version")))
				file := spooledFile(t, dir, content)
				defer file.Close()
				got, err := records(t, file, "f0", "f1", "f2")
				if err != nil {
					rt.Fatalf("%v\n%v", err, root)
				}
				if diff := cmp.Diff(decoded(t, want), decoded(t, got)); diff != "" {
					rt.Errorf("%v: records (-want +got):\n%s", root, diff)
				}
			})
		})
	}
}

func decoded(t testing.TB, texts []string) []any {
	t.Helper()
	list := make([]any, len(texts))
	for i, text := range texts {
		decoder := json.NewDecoder(strings.NewReader(text))
		if err := decoder.Decode(&list[i]); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	return list
}

// Each type of column becomes what a dump of JSON lines has for it.
func TestRecordValues(t *testing.T) {
	at := time.Date(2026, 10, 1, 12, 0, 0, 123456789, time.UTC)
	julian := int64(2440588 + at.Unix()/86400)
	nanos := at.UnixNano() % (86400 * 1e9)
	for _, test := range []struct {
		name  string
		node  parquet.Node
		value parquet.Value
		want  string
	}{
		{"text", parquet.String(), parquet.ValueOf("Zoë \"z\" \\ \n\t\x00\x1f"), `"Zoë \"z\" \\ \n\t\u0000\u001f"`},
		{"text of JSON", parquet.JSON(), parquet.ValueOf(`{"a":1}`), `"{\"a\":1}"`},
		{"bytes", parquet.Leaf(parquet.ByteArrayType), parquet.ValueOf("\xff"), "\"\xff\""},
		{"64 bits", parquet.Int(64), parquet.ValueOf(int64(-9007199254740993)), "-9007199254740993"},
		{"64 bits without a sign", parquet.Uint(64), parquet.ValueOf(uint64(math.MaxUint64)), "18446744073709551615"},
		{"8 bits", parquet.Int(8), parquet.ValueOf(int32(-8)), "-8"},
		{"32 bits without a sign", parquet.Uint(32), parquet.ValueOf(uint32(math.MaxUint32)), "4294967295"},
		{"double", parquet.Leaf(parquet.DoubleType), parquet.ValueOf(0.1), "0.1"},
		{"float", parquet.Leaf(parquet.FloatType), parquet.ValueOf(float32(0.1)), "0.1"},
		{"not a number", parquet.Leaf(parquet.DoubleType), parquet.ValueOf(math.NaN()), `"NaN"`},
		{"infinity", parquet.Leaf(parquet.DoubleType), parquet.ValueOf(math.Inf(-1)), `"-Inf"`},
		{"truth", parquet.Leaf(parquet.BooleanType), parquet.ValueOf(true), "true"},
		{"date", parquet.Date(), parquet.ValueOf(int32(at.Unix() / 86400)), `"2026-10-01"`},
		{"milliseconds", parquet.Timestamp(parquet.Millisecond), parquet.ValueOf(at.UnixMilli()), `"2026-10-01T12:00:00.123Z"`},
		{"microseconds", parquet.Timestamp(parquet.Microsecond), parquet.ValueOf(at.UnixMicro()), `"2026-10-01T12:00:00.123456Z"`},
		{"nanoseconds", parquet.Timestamp(parquet.Nanosecond), parquet.ValueOf(at.UnixNano()), `"2026-10-01T12:00:00.123456Z"`},
		{"96 bits of time", parquet.Leaf(parquet.Int96Type),
			parquet.ValueOf(deprecated.Int96{0: uint32(nanos), 1: uint32(nanos >> 32), 2: uint32(julian)}), `"2026-10-01T12:00:00.123456Z"`},
		{"id", parquet.UUID(), parquet.ValueOf([16]byte{0, 0x11, 15: 0xff}), `"00110000-0000-0000-0000-0000000000ff"`},
		{"decimal of 32 bits", parquet.Decimal(2, 9, parquet.Int32Type), parquet.ValueOf(int32(-5)), "-0.05"},
		{"decimal of 64 bits", parquet.Decimal(3, 18, parquet.Int64Type), parquet.ValueOf(int64(1234567)), "1234.567"},
		{"decimal without decimals", parquet.Decimal(0, 18, parquet.Int64Type), parquet.ValueOf(int64(1234567)), "1234567"},
		{"decimal of bytes", parquet.Decimal(9, 38, parquet.FixedLenByteArrayType(16)),
			parquet.FixedLenByteArrayValue(append(bytes.Repeat([]byte{0xff}, 12), 0xc4, 0x65, 0x36, 0)), "-1.000000000"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, node := range []parquet.Node{test.node, parquet.Optional(test.node)} {
				var b bytes.Buffer
				w := parquet.NewWriter(&b, parquet.NewSchema("row", parquet.Group{"v": node}))
				level := 0
				if node.Optional() {
					level = 1
				}
				if _, err := w.WriteRows([]parquet.Row{{test.value.Level(0, level, 0)}}); err != nil {
					t.Fatal(err)
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				file := spooledFile(t, t.TempDir(), b.String())
				defer file.Close()
				got, err := records(t, file, "v")
				if want := []string{`{"v":` + test.want + `}`}; err != nil || !slices.Equal(got, want) {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
}

// A time at a place that has a unit is a number of it, also before 1970.
func TestRecordTimesWithAUnit(t *testing.T) {
	for _, test := range []struct {
		micros, unit int64
		want         string
	}{
		{1790856000_123456, 1, "1790856000123456"},
		{1790856000_123456, 1e3, "1790856000123.456"},
		{1790856000_120000, 1e6, "1790856000.12"},
		{1790856000_000000, 1e6, "1790856000"},
		{1790856000_000005, 1e6, "1790856000.000005"},
		{-1, 1e6, "-0.000001"},
		{-1_500_000, 1e6, "-1.5"},
	} {
		got := string(appendJSON(nil, value{kind: moment, at: test.micros}, test.unit))
		if got != test.want {
			t.Errorf("%d microseconds in units of %d: got %s, want %s", test.micros, test.unit, got, test.want)
		}
	}
}

func TestRecordOfAMap(t *testing.T) {
	type row struct {
		Properties map[string]int64  `parquet:"properties"`
		Names      map[int64]string  `parquet:"names"`
		Lists      map[string][]bool `parquet:"lists"`
		After      string            `parquet:"after"`
	}
	var b bytes.Buffer
	rows := []row{
		{map[string]int64{"a\"b": 1}, map[int64]string{7: "x"}, map[string][]bool{"l": {true, false}}, "1"},
		{nil, nil, nil, "2"},
		{map[string]int64{"c": 3}, nil, map[string][]bool{"m": {}}, "3"},
	}
	if err := parquet.Write(&b, rows); err != nil {
		t.Fatal(err)
	}
	file := spooledFile(t, t.TempDir(), b.String())
	defer file.Close()
	got, err := records(t, file, "properties", "names", "lists", "after")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{"properties":{"a\"b":1},"names":{"7":"x"},"lists":{"l":[true,false]},"after":"1"}`,
		`{"properties":{},"names":{},"lists":{},"after":"2"}`,
		`{"properties":{"c":3},"names":{},"lists":{"m":[]},"after":"3"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

type wideRow struct {
	A struct {
		B string `parquet:"b"`
		C string `parquet:"c"`
	} `parquet:"a"`
	D []struct {
		E int64 `parquet:"e"`
	} `parquet:"d,list"`
	F string `parquet:"f"`
}

// Only wanted columns are read: of an object what is wanted inside of it, of a
// list all.
func TestRecordHasOnlyWhatIsWanted(t *testing.T) {
	row := wideRow{F: "f"}
	row.A.B, row.A.C = "b", "c"
	row.D = append(row.D, struct {
		E int64 `parquet:"e"`
	}{5})
	var b bytes.Buffer
	if err := parquet.Write(&b, []wideRow{row}); err != nil {
		t.Fatal(err)
	}
	file := spooledFile(t, t.TempDir(), b.String())
	defer file.Close()
	for _, test := range []struct {
		want  string
		paths []string
	}{
		{`{"a":{"c":"c"}}`, []string{"a.c", "none", "a.none"}},
		{`{"a":{"b":"b","c":"c"},"f":"f"}`, []string{"f", "a"}},
		{`{"a":{"b":"b","c":"c"}}`, []string{"a.b", "a"}},
		{`{"d":[{"e":5}]}`, []string{"d.x"}},
	} {
		got, err := records(t, file, test.paths...)
		if err != nil || !slices.Equal(got, []string{test.want}) {
			t.Errorf("places %q: got %q, %v, want %s", test.paths, got, err, test.want)
		}
	}
}

// A row that is longer than any line may be is cut, counted, and does not
// spoil the next one.
func TestRecordThatIsTooLong(t *testing.T) {
	long := []string{strings.Repeat("x", maxLine+1)}
	many := slices.Repeat([]string{strings.Repeat("y", 1<<20)}, maxLine>>20+1)
	type row struct {
		V []string `parquet:"v,list"`
	}
	var b bytes.Buffer
	if err := parquet.Write(&b, []row{{long}, {many}, {[]string{"z"}}}); err != nil {
		t.Fatal(err)
	}
	file := spooledFile(t, t.TempDir(), b.String())
	defer file.Close()
	table, err := openRecords(file, newNode([][]string{{"v"}}), []int64{0})
	if err != nil {
		t.Fatal(err)
	}
	defer table.close()
	for _, want := range []struct {
		length int64
		text   string
	}{
		{int64(len(long[0])) + int64(len(`{"v":[""]}`)), `{"v":["xxx`},
		{int64(len(many)*(1<<20+len(`"",`))) + int64(len(`{"v":[]}`)) - 1, `{"v":["yyy`},
		{int64(len(`{"v":["z"]}`)), `{"v":["z"]}`},
	} {
		row, err := table.next()
		if err != nil {
			t.Fatal(err)
		}
		if row.length != want.length || !strings.HasPrefix(string(row.text), want.text) || len(row.text) > maxLine {
			t.Errorf("%d bytes, %d kept, %.20q: want %d bytes that begin with %q", row.length, len(row.text), row.text, want.length, want.text)
		}
		if (row.flaw() != nil) != (want.length > maxLine) {
			t.Errorf("row of %d bytes: flaw %v", row.length, row.flaw())
		}
	}
}

// levels are the pages of a column of a damaged file.
type levels struct{ values []parquet.Value }

func (l *levels) ReadPage() (parquet.Page, error) {
	if l.values == nil {
		return nil, io.EOF
	}
	return levelsPage{values: l}, nil
}
func (l *levels) SeekToRow(int64) error { return nil }
func (l *levels) Close() error          { return nil }

type levelsPage struct {
	parquet.Page
	values *levels
}

func (p levelsPage) Values() parquet.ValueReader { return p.values }

func (l *levels) ReadValues(values []parquet.Value) (int, error) {
	n := copy(values, l.values)
	l.values = nil
	return n, io.EOF
}

// Columns that tell of different rows are an error, not another row.
func TestColumnsThatDisagree(t *testing.T) {
	var b bytes.Buffer
	type row struct {
		D []struct {
			E *int64 `parquet:"e"`
			F *int64 `parquet:"f"`
		} `parquet:"d,list"`
	}
	if err := parquet.Write(&b, []row{{}}); err != nil {
		t.Fatal(err)
	}
	file := spooledFile(t, t.TempDir(), b.String())
	defer file.Close()
	at := func(rep, def int) parquet.Value {
		v := parquet.Value{}
		if def == 2 {
			v = parquet.ValueOf(int64(1))
		}
		return v.Level(rep, def, 0)
	}
	for _, test := range []struct {
		name string
		e, f []parquet.Value
		want string
	}{
		{"agree", []parquet.Value{at(0, 2), at(1, 1)}, []parquet.Value{at(0, 1), at(1, 2)}, ""},
		{"fewer elements", []parquet.Value{at(0, 2), at(1, 2)}, []parquet.Value{at(0, 2)}, "column d.list.element.f: column ends before the others"},
		{"more elements", []parquet.Value{at(0, 2)}, []parquet.Value{at(0, 2), at(1, 2)}, "column d.list.element.f has more rows than the file says"},
		{"begins inside a row", []parquet.Value{at(1, 2)}, []parquet.Value{at(0, 2)}, "column d.list.element.e: " + errLevels.Error()},
		{"elements where the list is empty", []parquet.Value{at(0, 0)}, []parquet.Value{at(0, 1)}, "column d.list.element.f: " + errLevels.Error()},
		{"an empty list where there are elements", []parquet.Value{at(0, 2)}, []parquet.Value{at(0, 0)}, "column d.list.element.f: " + errLevels.Error()},
		{"more rows", []parquet.Value{at(0, 2), at(0, 2)}, []parquet.Value{at(0, 2), at(0, 2)}, "column d.list.element.e has more rows than the file says"},
		{"no rows", nil, nil, "column d.list.element.e: column ends before the others"},
	} {
		t.Run(test.name, func(t *testing.T) {
			table, err := openRecords(file, newNode([][]string{{"d"}}), []int64{0})
			if err != nil {
				t.Fatal(err)
			}
			defer table.close()
			table.left, table.group = 1, 1
			table.columns[0].pages, table.columns[1].pages = &levels{values: test.e}, &levels{values: test.f}
			_, err = table.next()
			if err == nil {
				_, err = table.next()
			}
			if test.want == "" && err != io.EOF || test.want != "" && (err == nil || !strings.HasPrefix(err.Error(), test.want)) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// Rows of another product are told by columns that are not read otherwise.
func TestRowsOfAnotherProduct(t *testing.T) {
	raw, err := bucket.Open(t.Context(), t.TempDir(), true, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	err = raw.Put(t.Context(), "a", func(w io.Writer) error {
		_, err := io.WriteString(w, ga4Rows(t))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r := newReading()
	r.source = Source{Name: "app", Format: "other", Bucket: raw}
	p := product{
		name: "other", paths: []string{"event_name"}, is: func([]value) bool { return false },
		assembler: func() assembler {
			return func([]value, *[fieldCount]value) *flaw { return nil }
		},
	}
	if err := p.readParquet(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if len(r.rejects) != 5 {
		t.Fatalf("%d rows in quarantine, want all 5", len(r.rejects))
	}
	for _, got := range r.rejects {
		if got.Reason != wrongFormat || !strings.HasPrefix(got.Detail, "this is a record of ga4, not of other") {
			t.Errorf("row %d: %s: %s", got.Line, got.Reason, got.Detail)
		}
	}
}
