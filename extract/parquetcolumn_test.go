package extract

import (
	"errors"
	"io"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// corruptPage is a page none of whose values can be decoded.
type corruptPage struct{ err error }

func (c corruptPage) ReadValues([]parquet.Value) (int, error) { return 0, c.err }

// noPages is a column without a further page.
type noPages struct{}

func (noPages) ReadPage() (parquet.Page, error) { return nil, io.EOF }
func (noPages) SeekToRow(int64) error           { return nil }
func (noPages) Close() error                    { return nil }

// The error of a page is not taken for its end.
func TestColumnTellsWhyAPageCannotBeRead(t *testing.T) {
	want := errors.New("invalid run length")
	c := parquetColumn{pages: noPages{}, values: corruptPage{want}}
	if _, err := c.decode(1, nil); !errors.Is(err, want) {
		t.Errorf("error is %v, want %v", err, want)
	}
}
