package extract

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"

	"sojourn/internal/bucket"
)

// Content is what an object has in it, told by the content itself.
type Content struct {
	Compression string // gzip, zstd, brotli, or a kind of archive; empty for none
	Format      string // one of [Formats]; empty if none is known to have such content
	Found       string // for a person, such as "JSON records of ga4"
}

// String says what the content is, with its compression.
func (c Content) String() string {
	if c.Compression == "" {
		return c.Found
	}
	return c.Found + " (" + c.Compression + ")"
}

// sniffedBytes is how much of a text is looked at.
const sniffedBytes = 64 << 10

// sniff looks at the beginning of an object. Its error is that of an object
// that cannot be fetched: contents that cannot be read are a finding.
func sniff(ctx context.Context, b *bucket.Bucket, o bucket.Object) (Content, error) {
	if o.Size == 0 {
		return Content{Found: "nothing"}, nil
	}
	raw, err := b.Open(ctx, o.Name)
	if err != nil {
		return Content{}, err
	}
	defer raw.Close() // read-only: nothing to lose
	head := make([]byte, 4)
	n, err := io.ReadFull(raw, head)
	if err != nil && err != io.ErrUnexpectedEOF {
		return Content{}, err
	}
	head = head[:n]
	c := Content{Compression: compressionOf(head, o.Name)}
	if bytes.Equal(head, parquetMagic) {
		return sniffParquet(ctx, b, o)
	}
	data, err := decompress(io.MultiReader(bytes.NewReader(head), raw), o.Name)
	if err == errZip {
		c.Compression = "zip"
		c.Format, c.Found = sniffArchive(func(visit func(string, io.Reader) error) error {
			return eachZipped(ctx, Source{Bucket: b}, o.Name, visit)
		})
		return c, nil
	}
	if err != nil {
		c.Found = fmt.Sprintf("%s that cannot be read: %v", c.Compression, err)
		return c, nil
	}
	defer data.Close() // likewise
	allowed := newAllowance(Limits{})
	allowed.size.Store(o.Size)
	text := bufio.NewReaderSize(&bounded{ctx, data, allowed}, sniffedBytes)
	begin, err := text.Peek(sniffedBytes)
	switch {
	case len(begin) == 0 && err != nil && err != io.EOF:
		c.Found = fmt.Sprintf("%s that cannot be read: %v", c.Compression, err)
	case len(begin) >= 262 && string(begin[257:262]) == "ustar":
		c.Compression = strings.TrimPrefix(c.Compression+" of tar", " of ")
		c.Format, c.Found = sniffArchive(func(visit func(string, io.Reader) error) error { return eachStreamed(ctx, Limits{}, text, visit) })
	default:
		c.Format, c.Found = sniffText(begin, len(begin) == sniffedBytes)
	}
	return c, nil
}

// compressionOf names the compression that the first bytes of an object tell.
func compressionOf(head []byte, name string) string {
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		return "gzip"
	case bytes.Equal(head, zstdMagic), isSkippable(head):
		return "zstd"
	case isBrotli(name, head):
		return "brotli"
	}
	return ""
}

// foreign are the first bytes of formats that are not read.
func foreign() []struct{ magic, found string } {
	return []struct{ magic, found string }{
		{"Obj\x01", "Avro, which is not read: export JSON or Parquet"},
		{"ORC", "ORC, which is not read: export JSON or Parquet"},
		{"PAR1", "Parquet inside of another compression, which is not read: decompress it"},
		{"BZh", "bzip2, which is not read: use gzip or zstd"},
		{"\xfd7zXZ", "xz, which is not read: use gzip or zstd"},
		{"\x04\x22\x4d\x18", "lz4, which is not read: use gzip or zstd"},
		{"\x1f\x8b", "gzip twice, which is not read: decompress it once"},
		{"SQLite format 3", "an SQLite database, which is not read"},
	}
}

// sniffText says what a text is by its beginning; cut is set if there is more.
func sniffText(begin []byte, cut bool) (format, found string) {
	begin = bytes.TrimPrefix(begin, byteOrderMark)
	for _, f := range foreign() {
		if bytes.HasPrefix(begin, []byte(f.magic)) {
			return "", f.found
		}
	}
	if !isText(begin) {
		return "", fmt.Sprintf("no text: it begins with %s", excerpt(begin[:min(len(begin), 8)]))
	}
	lines := bytes.Split(begin, []byte{'\n'})
	if cut && len(lines) > 1 {
		lines = lines[:len(lines)-1] // the last one is not whole
	}
	lines = slices.DeleteFunc(lines, isBlank)
	if len(lines) == 0 {
		return "", "blank lines"
	}
	const looked = 100
	counts, first := map[string]int{}, map[string][]byte{}
	guesser := newGuesser()
	for _, line := range lines[:min(len(lines), looked)] {
		kind := guesser.line(line)
		if counts[kind]++; counts[kind] == 1 {
			first[kind] = line
		}
	}
	return describeLines(counts, first)
}

// kinds of lines that are records of no product.
const (
	objectLine = "ndjson"
	otherLine  = ""
)

// line names the product whose record a line is, ndjson for another JSON
// object, and nothing for all else.
func (g *guesser) line(line []byte) string {
	if product := g.product(line); product != "" {
		return product
	}
	if g.scan.record(line, &node{}, nil) == nil {
		return objectLine
	}
	return otherLine
}

// describeLines says what lines are, by how many there are of each kind, and
// the first of them.
func describeLines(counts map[string]int, first map[string][]byte) (format, found string) {
	var kinds []string
	for kind := range counts {
		kinds = append(kinds, kind)
	}
	slices.SortFunc(kinds, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	format = kinds[0]
	switch format {
	case otherLine:
		format, found = describeColumns(first[otherLine])
	case objectLine:
		found = "JSON records with " + keysOf(first[objectLine])
	case "snowplow":
		found = "Snowplow's enriched events"
	default:
		found = "JSON records of " + format
	}
	var others []string
	for _, kind := range kinds[1:] {
		switch kind {
		case otherLine:
			others = append(others, "lines that are no records")
		case objectLine:
			others = append(others, "other JSON records")
		default:
			others = append(others, "records of "+kind)
		}
	}
	if len(others) > 0 {
		found += ", and " + strings.Join(others, ", ")
	}
	return format, found
}

// describeColumns says what lines are that are no records.
func describeColumns(first []byte) (format, found string) {
	first = bytes.TrimSpace(first)
	switch {
	case bytes.HasPrefix(first, []byte("[")):
		return "", "a JSON list: want one record a line, as jq -c '.[]' writes them"
	case bytes.Equal(first, []byte("{")):
		return "", "JSON records over several lines: want one a line, as jq -c . writes them"
	case bytes.HasPrefix(first, []byte("{")):
		return "ndjson", "lines that are no whole JSON records"
	case bytes.Count(first, []byte("\t")) > 1:
		return "", fmt.Sprintf("%d columns separated by tabs", bytes.Count(first, []byte("\t"))+1)
	}
	if names := strings.Split(string(first), ";"); areColumns(names) {
		return "", "columns separated by semicolons: want commas"
	}
	if names := strings.Split(string(first), ","); areColumns(names) {
		return "csv", "CSV with the columns " + shortList(names)
	}
	return "", fmt.Sprintf("text that begins with %s", excerpt(first[:min(len(first), 30)]))
}

// areColumns says whether the parts of a line may be names of columns.
func areColumns(names []string) bool {
	return len(names) > 1 && !slices.ContainsFunc(names, func(name string) bool {
		return strings.ContainsFunc(name, func(r rune) bool {
			return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" _-.$/#\"()", r)
		})
	})
}

// keysOf lists the keys of a JSON object.
func keysOf(record []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(record))
	var keys []string
	if _, err := decoder.Token(); err != nil {
		return "no keys"
	}
	for decoder.More() {
		key, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			break
		}
		keys = append(keys, fmt.Sprint(key))
	}
	if len(keys) == 0 {
		return "no keys"
	}
	return "the keys " + shortList(keys)
}

// shortList lists names, not too many of them.
func shortList(names []string) string {
	const most = 12
	var list []string
	for _, name := range names[:min(len(names), most)] {
		if name = strings.Trim(name, "\" \r"); len(name) > 40 {
			name = strings.ToValidUTF8(name[:40], "") + "…"
		}
		list = append(list, strings.ToValidUTF8(name, string(utf8.RuneError)))
	}
	if len(names) > most {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}

// sniffArchive says what an archive is by the names of its files.
func sniffArchive(each func(visit func(name string, data io.Reader) error) error) (format, found string) {
	var names []string
	const most = 50
	err := each(func(name string, _ io.Reader) error {
		if names = append(names, name); len(names) == most {
			return errFound
		}
		return nil
	})
	switch {
	case slices.Contains(names, adobeHitFile):
		return "adobe", "an archive of an Adobe data feed"
	case err != nil && err != errFound:
		return "", fmt.Sprintf("an archive that cannot be read: %v", err)
	}
	return "", "an archive of " + shortList(names)
}

// sniffParquet says what the rows of a Parquet file are.
func sniffParquet(ctx context.Context, b *bucket.Bucket, o bucket.Object) (Content, error) {
	file, err := glimpse(ctx, b, o)
	if err != nil {
		return Content{}, err
	}
	defer file.Close() // read-only: nothing to lose
	if product := resemblance(file); product != "" {
		return Content{Format: product, Found: "Parquet, rows of " + product}, nil
	}
	var f *parquet.File
	if err := guarded(func() (err error) {
		f, err = openParquet(file)
		return err
	}); err != nil {
		return Content{Found: fmt.Sprintf("Parquet that cannot be read: %v", err)}, nil
	}
	return Content{Format: "parquet", Found: "Parquet with the columns " + shortList(columnNames(f))}, nil
}
