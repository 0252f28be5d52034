package extract

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
)

// Pending is an object version that no batch has read, or none in the way that
// its source says now.
type Pending struct {
	Source string
	Object bucket.Object
	Again  bool // it has been read in another way
}

// ListPending returns the objects of the sources that no batch has read in
// their present version and in the way that the source says, sorted by source
// and name. Objects that are no data
// are left out: marker files, temporary files, and what is in hidden folders.
func ListPending(ctx context.Context, sources []Source, done []lake.Batch) ([]Pending, error) {
	type version struct{ source, object, version string }
	readAs := map[version]string{} // by which reading, the latest
	for _, batch := range done {
		for _, in := range batch.Inputs {
			readAs[version{in.Source, in.Object, in.Version}] = in.Reading
		}
	}
	type edition struct{ source, name string }
	settled := map[edition]bool{}
	for _, batch := range done {
		for _, in := range batch.Inputs {
			if in.Edition != "" && !in.Provisional && in.Version != "" {
				settled[edition{in.Source, in.Edition}] = true
			}
		}
	}
	var pending []Pending
	for _, s := range sources {
		reading, within := s.reading(), s.readingWithin()
		for o, err := range s.Bucket.List(ctx, "") {
			if err != nil {
				return nil, fmt.Errorf("source %s at %s: %w", s.Name, s.Bucket, err)
			}
			role := s.roleOf(o.Name)
			if role.contents == noData {
				continue
			}
			as, done := readAs[version{s.Name, o.Name, o.Version}]
			if s.reads(o) && (!done || as != reading && as != within && as != "") {
				pending = append(pending, Pending{s.Name, o, done})
				if role.edition != "" && !role.provisional {
					settled[edition{s.Name, role.edition}] = true
				}
			}
		}
	}
	roles := map[string]Source{}
	for _, s := range sources {
		roles[s.Name] = s
	}
	// What is there for good stands in for what is provisional.
	pending = slices.DeleteFunc(pending, func(p Pending) bool {
		role := roles[p.Source].roleOf(p.Object.Name)
		return role.provisional && settled[edition{p.Source, role.edition}]
	})
	slices.SortFunc(pending, func(a, b Pending) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Object.Name, b.Object.Name))
	})
	return pending, nil
}

// reads says whether an object is one of the source by its name, or a folder
// that cannot be listed and may have such objects.
func (s Source) reads(o bucket.Object) bool {
	if folder, ok := strings.CutSuffix(o.Name, "/"); ok && o.Problem != "" {
		return isData(bucket.Object{Name: folder}) && mayMatchBelow(s.Match, folder)
	}
	return isData(o) && matchGlob(s.Match, o.Name)
}

// isData tells objects with events from the marks that other programs leave
// in a bucket.
func isData(o bucket.Object) bool {
	elements := strings.Split(o.Name, "/")
	name := elements[len(elements)-1]
	if strings.HasSuffix(name, ".tmp") || o.Size == 0 && (name == "_SUCCESS" || name == "") {
		return false
	}
	return !slices.ContainsFunc(elements, func(e string) bool {
		return strings.HasPrefix(e, ".") || e == "_temporary"
	})
}
