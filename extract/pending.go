package extract

import (
	"cmp"
	"context"
	"fmt"
	"maps"
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
	Known  bool // it has been read before, in this version or another or as an object whose place it takes
}

// ListPending lists the sources. Pending are the objects that no batch has read
// in their present version and in the way that the source says, sorted by
// source and name. Removed are those that count and are not there any more,
// likewise sorted, but for objects of sources that keep them, and provisional
// ones, which products take away by themselves. Objects that are no data are
// left out: marker files, temporary files, and what is in hidden folders.
func ListPending(ctx context.Context, sources []Source, done []lake.Batch) (pending []Pending, removed []lake.ObjectKey, err error) {
	present := lake.Present(done)
	settled := settledEditions(done)
	gone, listed := map[lake.ObjectKey]bool{}, map[lake.ObjectKey]bool{}
	read := map[edition]bool{}
	bySource, roles := map[string]Source{}, map[string]func(string) objectRole{}
	for _, s := range sources {
		bySource[s.Name], roles[s.Name] = s, s.roles()
	}
	for key, in := range present {
		read[edition{key.Source, in.Edition}] = in.Edition != ""
		if s, ok := bySource[key.Source]; ok && !s.KeepRemoved && !in.Provisional {
			gone[key] = true
		}
	}
	for _, s := range sources {
		roleOf, reading, within := roles[s.Name], s.reading(), s.readingWithin()
		for o, err := range s.Bucket.List(ctx, "") {
			if err != nil {
				return nil, nil, fmt.Errorf("source %s at %s: %w", s.Name, s.Bucket, err)
			}
			role := roleOf(o.Name)
			if !s.hasData(o, role) {
				continue
			}
			if o.Problem != "" && strings.HasSuffix(o.Name, "/") { // nobody knows what is there
				maps.DeleteFunc(gone, func(key lake.ObjectKey, _ bool) bool {
					return key.Source == s.Name && strings.HasPrefix(key.Object, o.Name)
				})
			}
			key := lake.ObjectKey{Source: s.Name, Object: o.Name}
			delete(gone, key)
			listed[key] = true
			in, known := present[key]
			same := known && in.Version == o.Version && o.Version != ""
			if same && s.isRead(in, reading, within) {
				continue
			}
			pending = append(pending, Pending{s.Name, o, same, known || read[edition{s.Name, role.edition}]})
			if role.edition != "" && !role.provisional {
				settled[edition{s.Name, role.edition}] = true
			}
		}
	}
	if err := checkKeys(sources, present, listed, settled); err != nil {
		return nil, nil, err
	}
	// What is there for good stands in for what is provisional.
	pending = slices.DeleteFunc(pending, func(p Pending) bool {
		role := roles[p.Source](p.Object.Name)
		return role.provisional && settled[edition{p.Source, role.edition}]
	})
	slices.SortFunc(pending, func(a, b Pending) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Object.Name, b.Object.Name))
	})
	removed = slices.SortedFunc(maps.Keys(gone), func(a, b lake.ObjectKey) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Object, b.Object))
	})
	return pending, removed, nil
}

// isRead says whether an object has been read in one of the ways that the source
// says now. Of old readings it was not noted how: they made no pseudonyms.
func (s Source) isRead(in lake.Input, ways ...string) bool {
	return slices.Contains(ways, in.Reading) || in.Reading == "" && s.Privacy.Pseudonyms == nil
}

// An edition is what objects of a source are that take each other's place.
type edition struct{ source, name string }

// settledEditions are those of which an object has been read for good.
func settledEditions(done []lake.Batch) map[edition]bool {
	settled := map[edition]bool{}
	for _, batch := range done {
		for _, in := range batch.Inputs {
			if in.Edition != "" && !in.Provisional && in.Version != "" {
				settled[edition{in.Source, in.Edition}] = true
			}
		}
	}
	return settled
}

// hasData says whether an object of that role is one that the source has events
// in, by its name, or a folder that cannot be listed and may have such objects.
func (s Source) hasData(o bucket.Object, role objectRole) bool {
	if folder, ok := strings.CutSuffix(o.Name, "/"); ok && o.Problem != "" {
		return isData(bucket.Object{Name: folder}) && mayMatchBelow(s.Match, folder)
	}
	return role.contents != noData && isData(o) && matchGlob(s.Match, o.Name)
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
