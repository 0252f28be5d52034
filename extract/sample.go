package extract

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"sojourn/internal/bucket"
)

// A Look says how much of a source to look at.
type Look struct {
	Now int64 // the present, in microseconds since 1970 UTC

	Objects int   // at most; 0 for 12
	Records int64 // of each object; 0 for 2,000
	Bytes   int64 // of each object that is text, decompressed; 0 for 1 MiB
}

// A Sample is what a look at a source shows. Records are read by the code that
// stages them, so that what is said of them is what staging would do.
type Sample struct {
	Listed   int64 // objects that would be read
	Bytes    int64 // of these
	LeftOut  int64 // objects that match, but have no data by their names
	NotMatch int64 // objects that do not match

	Objects []SampledObject // that were looked at, in the order of their names

	Records, Events, Aliases, Skipped, Rejected int64
	Reasons                                     []SampledReason // why records were rejected, the most frequent first
	Names                                       []SampledName   // of events, the most frequent first

	// Filled counts the events that say something in a canonical field. An
	// event_id counts if the source has it, and crash, background, launch and
	// new_session where they are true.
	Filled map[string]int64

	First, Last int64 // times of events, microseconds since 1970 UTC; 0 without events
}

// A SampledObject is an object that was looked at.
type SampledObject struct {
	Name    string
	Size    int64
	Content Content

	Records, Used, Rejected int64  // Used are events, aliases and what the product leaves out
	Error                   string // why it was not read to the end of the sample
}

// Misfit says whether the object has another format than the source.
func (o SampledObject) Misfit(format string) bool {
	return o.Content.Format != format && o.Used == 0 && o.Rejected > 0
}

// A SampledReason is a reason for which records were rejected, with the first
// of them.
type SampledReason struct {
	Reason  string
	Records int64
	Object  string
	Line    int64
	Detail  string
}

// A SampledName is a name of events.
type SampledName struct {
	Name   string
	Events int64
}

// Sample looks at some objects of a source: the first and the last by name, the
// biggest, and others from among all that look different. Without a format
// it only says what their contents are.
//
// The error is that of a bucket that cannot be listed, or of an object that
// cannot be opened, or the end of ctx.
func (s Source) Sample(ctx context.Context, look Look) (Sample, error) {
	look.Objects = cmp.Or(look.Objects, 12)
	look.Records = cmp.Or(look.Records, 2000)
	look.Bytes = cmp.Or(look.Bytes, 1<<20)
	var format format
	if s.Format != "" {
		if err := s.Validate(); err != nil {
			return Sample{}, err
		}
		format, _ = formatNamed(s.Format) // of a source that is valid
	}

	sample := Sample{Filled: map[string]int64{}}
	objects, err := sample.list(ctx, s)
	if err != nil {
		return sample, err
	}
	w := newWorker(&batch{options: Options{Now: look.Now}}, 0)
	w.sampler = newSampler(&sample, s, look, w.texts)
	for _, o := range choose(objects, look.Objects) {
		seen := SampledObject{Name: o.Name, Size: o.Size}
		if o.Problem != "" {
			seen.Content.Found, seen.Error = "nothing that is read", o.Problem
			sample.Objects = append(sample.Objects, seen)
			continue
		}
		if seen.Content, err = sniff(ctx, s.Bucket, o); err != nil {
			return sample, fmt.Errorf("source %s: %w", s.Name, err)
		}
		seen.Content.Found = s.Privacy.shown(seen.Content.Found)
		if s.Format != "" {
			r := &reading{worker: w, source: s.admitted(), object: o}
			w.sampler.begin()
			if err := r.read(ctx, format); err != nil && !errors.Is(err, errEnough) {
				return sample, err
			}
			half := w.sampler.end()
			w.aliases = nil
			seen.Records, seen.Rejected, seen.Error = r.input.Lines-half, r.input.Quarantined-half, r.input.Error
			seen.Used = r.input.Events + r.input.Aliases + r.input.Skipped
			sample.Records += seen.Records
			sample.Rejected += seen.Rejected
			sample.Events += r.input.Events
			sample.Aliases += r.input.Aliases
			sample.Skipped += r.input.Skipped
		}
		sample.Objects = append(sample.Objects, seen)
	}
	w.sampler.finish()
	return sample, nil
}

// list returns the objects of a source that would be read, as far as their
// names tell, sorted by name.
func (sample *Sample) list(ctx context.Context, s Source) ([]bucket.Object, error) {
	var objects []bucket.Object
	roleOf := s.roles()
	settled := map[string]bool{} // editions of which there is more than a provisional object
	for o, err := range s.Bucket.List(ctx, "") {
		if err != nil {
			return nil, fmt.Errorf("source %s at %s: %w", s.Name, s.Bucket, err)
		}
		role := roleOf(o.Name)
		switch {
		case o.Problem != "" && s.hasData(o, role):
		case !matchGlob(s.Match, o.Name):
			sample.NotMatch++
			continue
		case !isData(o) || role.contents == noData:
			sample.LeftOut++
			continue
		}
		if role.edition != "" && !role.provisional {
			settled[role.edition] = true
		}
		objects = append(objects, o)
	}
	all := int64(len(objects))
	objects = slices.DeleteFunc(objects, func(o bucket.Object) bool {
		role := roleOf(o.Name)
		return role.provisional && settled[role.edition]
	})
	sample.Listed = int64(len(objects))
	sample.LeftOut += all - sample.Listed
	for _, o := range objects {
		sample.Bytes += o.Size
	}
	slices.SortFunc(objects, func(a, b bucket.Object) int { return strings.Compare(a.Name, b.Name) })
	return objects, nil
}

// choose chooses objects to look at from all, which are sorted by name, and
// returns them so sorted: the biggest, then the first and the last of each
// shape of name, then some evenly from all.
func choose(all []bucket.Object, most int) []bucket.Object {
	if len(all) <= most {
		return all
	}
	chosen := map[int]bool{}
	take := func(i int) {
		if len(chosen) < most {
			chosen[i] = true
		}
	}
	biggest := 0
	first, last := map[string]int{}, map[string]int{}
	var shapes []string
	for i, o := range all {
		if o.Size > all[biggest].Size {
			biggest = i
		}
		shape := shapeOf(o.Name)
		if _, ok := first[shape]; !ok {
			first[shape] = i
			shapes = append(shapes, shape)
		}
		last[shape] = i
	}
	take(biggest)
	take(0)
	take(len(all) - 1)
	for _, shape := range shapes {
		take(first[shape])
	}
	for _, shape := range shapes {
		take(last[shape])
	}
	for n := range most {
		take(n * len(all) / most)
	}
	var list []bucket.Object
	for i, o := range all {
		if chosen[i] {
			list = append(list, o)
		}
	}
	return list
}

// shapeOf is what names have in common that one program gives: their first
// folder and what they end in, without numbers.
func shapeOf(name string) string {
	folder, _, _ := strings.Cut(name, "/")
	base := path.Base(name)
	if folder == name {
		folder = ""
	}
	_, ending, _ := strings.Cut(base, ".")
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, folder+"/"+ending)
}
