package schedules

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"sojourn/internal/lake"
	"sojourn/internal/parquetfile"
)

// A Trace is a place where an erased id was found.
type Trace struct {
	Object string // of the lake, or what the caller names
	Place  string // column, field or "bytes"
	Times  int64
}

// A Search looks for the ids of an erasure. Whoever has no more than the
// receipt looks for what the ids hash to; whoever gives the ids looks also
// through bytes that are no text.
type Search struct {
	erased *lake.Erased
	ids    [][]byte
	traces map[[2]string]int64
}

// NewSearch returns the search for the ids of an erasure, and for ids given as
// they are.
func (p *Pipeline) NewSearch(ctx context.Context, erasure string, ids []string) (*Search, error) {
	stones, err := lake.Tombstones(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(stones, func(t lake.Tombstone) bool { return t.ID == erasure })
	if i < 0 {
		return nil, &UsageError{fmt.Errorf("the lake %s has no tombstone of erasure %s", p.Lake, erasure)}
	}
	all, err := lake.ReadErased(ctx, p.Lake)
	if err != nil {
		return nil, err
	}
	s := &Search{erased: all.Only(stones[i]), traces: map[[2]string]int64{}}
	for _, id := range ids {
		if !s.erased.Has(id) {
			return nil, &UsageError{fmt.Errorf("erasure %s is not of all of these subjects", erasure)}
		}
		s.ids = append(s.ids, []byte(id))
	}
	return s, nil
}

// SearchLake looks through every object of the lake.
func (p *Pipeline) SearchLake(ctx context.Context, s *Search) error {
	for o, err := range p.Lake.List(ctx, "") {
		if err != nil {
			return err
		}
		data, err := p.Lake.Read(ctx, o.Name)
		if err != nil {
			return err
		}
		s.Text(o.Name, "name", []byte(o.Name))
		switch {
		case strings.HasSuffix(o.Name, ".parquet"):
			err = errors.Join(s.Bytes(o.Name, bytes.NewReader(data)),
				parquetfile.Texts(data, func(column string, text []byte) { s.Text(o.Name, column, text) }))
		case strings.HasSuffix(o.Name, ".json"):
			err = s.json(o.Name, data)
		default:
			err = s.Bytes(o.Name, bytes.NewReader(data))
		}
		if err != nil {
			return fmt.Errorf("%s of %s: %w", o.Name, p.Lake, err)
		}
	}
	return nil
}

// Text looks for the ids as words of a text.
func (s *Search) Text(object, place string, text []byte) {
	if s.erased.In(text) {
		s.traces[[2]string{object, place}]++
	}
}

// longID is the length from which an id is taken for one wherever its bytes
// are: in a file that is no text nothing marks where a word begins.
const longID = 16

// searchBytes is how much of a file is looked through at once.
const searchBytes = 1 << 20

// Bytes looks for the ids that were given in a file that is no text.
func (s *Search) Bytes(object string, file io.Reader) error {
	longest := 0
	for _, id := range s.ids {
		longest = max(longest, len(id))
	}
	if longest == 0 {
		return nil
	}
	buffer := make([]byte, 0, searchBytes+longest+2)
	begin := 0 // 1 once there is a byte before the first place to look at
	for {
		n, err := io.ReadFull(file, buffer[len(buffer):min(cap(buffer), len(buffer)+searchBytes)])
		buffer = buffer[:len(buffer)+n]
		end := len(buffer)
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		case err != nil:
			return err
		default:
			end = max(begin, len(buffer)-longest-1) // the rest with what follows
		}
		for _, id := range s.ids {
			s.bytes(object, buffer, id, begin, end)
		}
		if err != nil {
			return nil
		}
		if end > 0 {
			buffer = append(buffer[:0], buffer[end-1:]...)
			begin = 1
		}
	}
}

// bytes looks for an id that begins in a part of the data.
func (s *Search) bytes(object string, data, id []byte, begin, end int) {
	for at := begin; at < end; at++ {
		i := bytes.Index(data[at:], id)
		if i < 0 || at+i >= end {
			return
		}
		at += i
		if len(id) >= longID || lake.IsWordEdge(data, at) && lake.IsWordEdge(data, at+len(id)) {
			s.traces[[2]string{object, "bytes"}]++
		}
	}
}

// json looks through the texts of a JSON file: numbers are counts and sizes.
func (s *Search) json(object string, data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if text, ok := token.(string); ok {
			s.Text(object, "text", []byte(text))
		}
	}
}

// Traces returns what was found, by object and place.
func (s *Search) Traces() []Trace {
	var traces []Trace
	for at, n := range s.traces {
		traces = append(traces, Trace{at[0], at[1], n})
	}
	slices.SortFunc(traces, func(a, b Trace) int {
		return cmp.Or(strings.Compare(a.Object, b.Object), strings.Compare(a.Place, b.Place))
	})
	return traces
}
