package extract

import (
	"cmp"
	"context"
	"io"

	"sojourn/transform"
)

// readNDJSON reads an object with one JSON object a line.
func readNDJSON(ctx context.Context, data io.Reader, r *reading) error {
	var paths [fieldCount][]string
	for _, p := range r.source.places() {
		paths[p.field] = splitPath(p.path)
	}
	root := newNode(paths[:]).keep(splitPaths(r.source.propertyPaths()), fieldCount)
	judge := newJudge(r.source, r.now, r.texts)

	var scan scanner
	values := make([]value, fieldCount+len(judge.kept.values))
	return eachLine(ctx, data, r, func(line []byte, e *transform.Event) *flaw {
		if flaw := scan.record(line, root, values); flaw != nil {
			return cmp.Or(r.mistaken(line, "ndjson"), flaw)
		}
		copy(judge.kept.values, values[fieldCount:])
		flaw := judge.event((*[fieldCount]value)(values), e)
		if flaw == nil {
			return nil
		}
		switch flaw.reason {
		case missingEventName, missingSubject, missingTimestamp:
			// The mapping may be meant for such records: it is only a hint.
			if other := r.resembles(line); other != "" {
				flaw.detail += "; the record looks like one of " + other
			}
		}
		return flaw
	})
}

// eachLine decodes an object whose records are lines. Blank lines are none.
func eachLine(ctx context.Context, data io.Reader, r *reading, decode func([]byte, *transform.Event) *flaw) error {
	lines := newLines(data)
	var e transform.Event
	for {
		l, err := lines.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &brokenOff{l, err}
		}
		f := l.flaw()
		if f == nil {
			if isBlank(l.text) {
				continue
			}
			f = decode(l.text, &e)
		}
		if f != nil {
			err = r.reject(ctx, l, f)
		} else {
			err = r.accept(ctx, &e, l.number)
		}
		if err != nil {
			return err
		}
	}
}

func isBlank(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
