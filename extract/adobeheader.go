package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"sojourn/internal/bucket"
)

// An adobeHeader names the columns of hits, which each feed chooses for itself.
type adobeHeader struct {
	columns []string
	from    string // where it was found, for messages
}

const (
	adobeHeaderFile = "column_headers.tsv"
	adobeHitFile    = "hit_data.tsv"
)

// maxHeader bounds column_headers.tsv, in bytes: all columns that there are
// have some 30 KiB.
const maxHeader = 1 << 20

// adobeDeliveries are the names of what is delivered: [index]-[rsid]_[date] or,
// by the hour, [index]-[rsid]_[date]-[time], and -lookup_data for the lookup
// files; the index is there where a delivery has several files. Its groups are
// the report suite and date, and the time.
var adobeDeliveries = regexp.MustCompile(`^(?:\d+-)?(.+_(?:\d{4}-\d{2}-\d{2}|\d{8}))(?:-(\d{6}))?(-lookup_data)?\.`)

// errFound ends the search for a file of an archive.
var errFound = errors.New("found")

// findAdobeHeader finds the header of an object: in it, if it is an archive;
// else among what was delivered for the same report suite and date, in the
// same folder; else in a file column_headers.tsv there.
func findAdobeHeader(ctx context.Context, s Source, object string) (*adobeHeader, error) {
	header, err := adobeHeaderIn(ctx, s, object)
	if header != nil || err != nil {
		return header, err
	}
	candidates, err := adobeHeaderCandidates(ctx, s.Bucket, object)
	if err != nil {
		return nil, &lost{err}
	}
	for _, name := range candidates {
		if header, err := adobeHeaderIn(ctx, s, name); err != nil {
			return nil, &lost{fmt.Errorf("%s: %w", name, err)}
		} else if header != nil {
			return header, nil
		}
	}
	// It may be delivered yet: the object stays pending.
	return nil, &lost{fmt.Errorf("no %s for it: want it in the archive, in the lookup archive of the same report suite and date, or beside the object", adobeHeaderFile)}
}

// adobeHeaderIn returns the header that an object has in it, nil if none.
func adobeHeaderIn(ctx context.Context, s Source, object string) (*adobeHeader, error) {
	var found *adobeHeader
	var visit func(name string, data io.Reader) error
	visit = func(name string, data io.Reader) error {
		switch {
		case name == adobeHeaderFile:
			columns, err := readAdobeHeader(data)
			if err != nil {
				return fmt.Errorf("%s: %w", adobeHeaderFile, err)
			}
			found = &adobeHeader{columns, object}
			return errFound
		case isAdobeLookup(name):
			allowed := newAllowance(s.Limits)
			inner, err := decompress(&transport{data, &allowed.size}, name)
			if err != nil {
				return err
			}
			defer inner.Close() // read-only: nothing to lose
			return eachStreamed(ctx, s.Limits, &bounded{ctx, inner, allowed}, visit)
		}
		return nil
	}
	err := eachFile(ctx, s, object, func(name string, data io.Reader) error {
		if name == "" {
			name = strings.TrimSuffix(path.Base(object), ".gz")
		}
		return visit(name, data)
	})
	if err != nil && err != errFound {
		return nil, err
	}
	return found, nil
}

// readAdobeHeader reads the one row of column_headers.tsv.
func readAdobeHeader(data io.Reader) ([]string, error) {
	text, err := io.ReadAll(io.LimitReader(data, maxHeader+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("more than %d KiB: it should be one row of names", maxHeader>>10)
	}
	row, _, _ := strings.Cut(strings.TrimPrefix(string(text), string(byteOrderMark)), "\n")
	return strings.Split(strings.TrimSuffix(row, "\r"), "\t"), nil
}

// isAdobeLookup says whether a file or object has lookup files.
func isAdobeLookup(name string) bool {
	d := adobeDeliveries.FindStringSubmatch(path.Base(name))
	return d != nil && d[3] != ""
}

// adobeHeaderCandidates returns the objects that may have the header of
// another one, the likeliest first. By the hour, lookup files may come with
// the first delivery of a day alone.
func adobeHeaderCandidates(ctx context.Context, b *bucket.Bucket, object string) ([]string, error) {
	folder := strings.TrimSuffix(object, path.Base(object))
	var before, after, deliveries []string
	if own := adobeDeliveries.FindStringSubmatch(path.Base(object)); own != nil {
		for o, err := range b.List(ctx, folder+own[1]) {
			if err != nil {
				return nil, err
			}
			if o.Problem != "" {
				continue
			}
			other := adobeDeliveries.FindStringSubmatch(strings.TrimPrefix(o.Name, folder))
			switch {
			case other == nil || o.Name == object:
			case other[3] != "" && other[2] <= own[2]:
				before = append(before, o.Name)
			case other[3] != "":
				after = append(after, o.Name)
			case adobeObjects(o.Name).contents == eventRecords:
				deliveries = append(deliveries, o.Name)
			}
		}
	}
	// Columns may change during a day: the latest lookup files that are not
	// after the object come first.
	slices.Reverse(before)
	candidates := append(before, after...)
	if exists, err := b.Exists(ctx, folder+adobeHeaderFile); err != nil {
		return nil, err
	} else if exists {
		candidates = append(candidates, folder+adobeHeaderFile)
	}
	return append(candidates, deliveries[:min(1, len(deliveries))]...), nil
}
