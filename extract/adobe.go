package extract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"sojourn/transform"
)

// adobePlaces returns the columns of a data feed that have our fields, those
// with what Adobe's rules have made of a value (post_) first. The first that
// says anything counts.
//
// A visitor is known by post_visid_high and post_visid_low, a visit by
// visit_num and visit_start_time_gmt; those are put together in [adobe.hit].
// Languages, browsers and systems are numbers of lookup files, which are not
// read. What launches and crashes look like in a feed is not documented.
func adobePlaces() [fieldCount][]string {
	return [fieldCount][]string{
		userID:     {"post_cust_visid", "cust_visid"},
		timestamp:  {"cust_hit_time_gmt", "post_cust_hit_time_gmt", "hit_time_gmt"},
		receivedAt: {"hit_time_gmt"},
		sequence:   {"visit_page_num"},
		screen:     {"post_pagename", "pagename"},
		newSession: {"new_visit"},

		osVersion:   {"post_mobileosversion", "mobileosversion"},
		appVersion:  {"post_mobileappid", "mobileappid"},
		deviceModel: {"post_mobiledevice", "mobiledevice"},
		country:     {"geo_country"},
		campaign:    {"post_campaign", "campaign"},
	}
}

// adobeFields are what our fields are called in messages.
func adobeFields() map[string]Field {
	fields := map[string]Field{
		"event_id":   {Path: "hitid_high, hitid_low"},
		"device_id":  {Path: "post_visid_high, post_visid_low"},
		"event_name": {Path: "post_page_event"},
		"session_id": {Path: "visit_num, visit_start_time_gmt"},
		"background": {Path: "customer_perspective"},
	}
	for i, columns := range adobePlaces() {
		if len(columns) > 0 {
			f := Field{Path: strings.Join(columns, ", ")}
			if field(i).isTime() {
				f.Unit = "s"
			}
			fields[field(i).String()] = f
		}
	}
	return fields
}

// adobeObjects says what an object of a delivery is by its name. Manifests end
// in .txt or .fin; of the files of a delivery that has been unpacked only hits
// are data.
func adobeObjects(name string) objectRole {
	base := path.Base(name)
	switch strings.TrimSuffix(base, ".gz") {
	case adobeHeaderFile, "browser.tsv", "browser_type.tsv", "carrier.tsv", "color_depth.tsv", "connection_type.tsv", "country.tsv",
		"event.tsv", "event_list.tsv", "event_lookup.tsv", "javascript_version.tsv", "languages.tsv", "mobile_attributes.tsv",
		"operating_system_type.tsv", "operating_systems.tsv", "plugins.tsv", "referrer_type.tsv", "resolution.tsv", "search_engines.tsv":
		return objectRole{contents: noData}
	}
	if strings.HasSuffix(base, ".txt") || strings.HasSuffix(base, ".fin") || isAdobeLookup(base) {
		return objectRole{contents: noData}
	}
	return objectRole{}
}

// readAdobe reads an object of an Adobe Analytics data feed: hits as
// tab-separated columns without a header, in an archive or alone.
func readAdobe(ctx context.Context, r *reading) error {
	header, err := findAdobeHeader(ctx, r.source, r.object.Name)
	if err != nil {
		if f := otherProduct(ctx, r); f != nil {
			return streamed(rejectLines(f))(ctx, r)
		}
		return err
	}
	a, err := newAdobe(r, header)
	if err != nil {
		if header.from != r.object.Name {
			return &lost{err} // the header may be put right: the object stays pending
		}
		return err
	}
	hits, other := false, ""
	err = eachFile(ctx, r.source, r.object.Name, func(name string, data io.Reader) error {
		if name != "" && name != adobeHitFile {
			other = name
			return nil
		}
		hits = true
		return a.read(ctx, r.limited(data), r)
	})
	if err == nil && !hits {
		err = fmt.Errorf("no %s in the archive, but files such as %s", adobeHitFile, excerpt([]byte(other)))
	}
	return err
}

// otherProduct says whose records an object has, if it is known not to have
// hits; nil if it may have.
func otherProduct(ctx context.Context, r *reading) (f *flaw) {
	_ = stream(ctx, r.source, r.object.Name, func(data io.Reader) error {
		first, err := newLines(data).next()
		f = mistaken(first.text, "adobe")
		return err
	}) // what is wrong with the object is known
	return f
}

// rejectLines rejects all lines of an object for one reason.
func rejectLines(f *flaw) func(context.Context, io.Reader, *reading) error {
	return func(ctx context.Context, data io.Reader, r *reading) error {
		return eachLine(ctx, data, r, func([]byte, *transform.Event) *flaw { return f })
	}
}

// Reasons of skipped hits.
const (
	excludedHit  = "excluded_hit"  // exclude_hit is not 0
	uploadedRows = "uploaded_rows" // hit_source: uploads that are summaries of other hits, or belong to them
)

// An adobe makes events of the hits of an object.
type adobe struct {
	judge   *judge
	header  *adobeHeader
	columns []value
	wanted  []int // columns that are read, in order
	places  [fieldCount][]*value

	properties []*value // those of the user's own

	hitHigh, hitLow, visitorHigh, visitorLow, visit, visitStart *value
	excluded, source, perspective                               *value
	pageEvent, pageEventBefore, pageName, pageURL               *value

	rows    int64  // lines of the object that have been read
	joined  []byte // a row of several lines
	scratch []byte // texts of this row that had escapes, or are put together
}

// newAdobe finds the columns that are read. Those without which hits that
// Adobe leaves out, their time and their visitor could not be told must be
// there.
func newAdobe(r *reading, header *adobeHeader) (*adobe, error) {
	a := &adobe{header: header, columns: make([]value, len(header.columns))}
	fields := adobeFields()
	for i, columns := range adobePlaces() {
		for _, c := range columns {
			a.places[i] = append(a.places[i], a.want(c))
		}
	}
	maps.Copy(fields, r.source.Fields)
	for _, p := range r.source.configured() {
		to := []*value{a.want(p.path)}
		if !p.field.hasUnit() { // unit and zone hold for their place alone
			to = append(to, a.places[p.field]...)
		}
		a.places[p.field] = to
	}
	a.hitHigh, a.hitLow = a.want("hitid_high"), a.want("hitid_low")
	a.visitorHigh, a.visitorLow = a.want("post_visid_high"), a.want("post_visid_low")
	a.visit, a.visitStart = a.want("visit_num"), a.want("visit_start_time_gmt")
	a.excluded, a.source = a.want("exclude_hit"), a.want("hit_source")
	a.perspective = a.want("customer_perspective")
	a.pageEvent, a.pageEventBefore = a.want("post_page_event"), a.want("page_event")
	a.pageName, a.pageURL = a.want("post_pagename"), a.want("post_page_url")
	for _, column := range r.source.propertyPaths() {
		a.properties = append(a.properties, a.want(column))
	}
	a.judge = newJudge(r.source.placed(fields), r.now, r.texts)

	for _, column := range []string{"exclude_hit", "hit_source", "hit_time_gmt", "post_visid_high", "post_visid_low"} {
		if !slices.Contains(header.columns, column) {
			return nil, fmt.Errorf("no column %s among the %d of %s in %s: add it to the data feed", column, len(header.columns), adobeHeaderFile, header.from)
		}
	}
	return a, nil
}

// want returns where the value of a column will be; it stays absent if the
// feed has no such column.
func (a *adobe) want(column string) *value {
	i := slices.Index(a.header.columns, column)
	if i < 0 {
		return &value{}
	}
	if !slices.Contains(a.wanted, i) {
		a.wanted = append(a.wanted, i)
		slices.Sort(a.wanted)
	}
	return &a.columns[i]
}

// read reads rows of hits.
func (a *adobe) read(ctx context.Context, data io.Reader, r *reading) error {
	lines := newLines(data)
	lines.number = a.rows // of the files before, if an archive has several
	var e transform.Event
	for {
		row, err := a.row(lines)
		if err == io.EOF {
			a.rows = row.number - 1
			return nil
		}
		if err != nil {
			return &brokenOff{row, err}
		}
		if row.length == 0 {
			continue
		}
		f := row.flaw()
		if f == nil {
			f = a.split(row.text)
		}
		if f == nil {
			if reason := a.skips(); reason != "" {
				r.skip(reason)
				continue
			}
			f = a.hit(&e)
		}
		if f != nil {
			err = r.reject(ctx, row, f)
		} else {
			err = r.accept(ctx, &e, row.number)
		}
		if err != nil {
			return err
		}
	}
}

// row returns the next row. A line whose end is escaped goes on in the next
// one; a text is never so long, but a backslash where a row was cut off must
// not take all rows after it along.
func (a *adobe) row(lines *lines) (line, error) {
	row, err := lines.next()
	if err != nil || row.flaw() != nil || !endsEscaped(row.text) {
		return row, err
	}
	a.joined = append(a.joined[:0], row.text...)
	for limit := len(row.text) + maxQuoted; endsEscaped(a.joined) && len(a.joined) < limit; {
		next, err := lines.next()
		if err == io.EOF {
			break // the next row tells
		}
		a.joined = append(append(a.joined, '\n'), next.text...)
		row.text, row.length = a.joined, row.length+1+next.length
		if err != nil {
			return row, err
		}
	}
	return row, nil
}

// endsEscaped says whether the last backslash of a text is no part of it.
func endsEscaped(text []byte) bool {
	backslashes := len(text) - len(bytes.TrimRight(text, `\`))
	return backslashes%2 == 1
}

// split cuts a row into the columns that are wanted.
func (a *adobe) split(row []byte) *flaw {
	a.scratch = a.scratch[:0]
	escapes := bytes.IndexByte(row, '\\') >= 0
	next, rest, found := a.wanted, row, 0
	for more := true; more; found++ {
		end := bytes.IndexByte(rest, '\t')
		for escapes && end >= 0 && endsEscaped(rest[:end]) {
			tab := bytes.IndexByte(rest[end+1:], '\t')
			if end++; tab < 0 {
				end = -1
			} else {
				end += tab
			}
		}
		column := rest
		if more = end >= 0; more {
			column, rest = rest[:end], rest[end+1:]
		}
		if len(next) > 0 && next[0] == found {
			a.columns[found] = value{kind: text, bytes: a.text(column)}
			next = next[1:]
		}
	}
	if found != len(a.columns) {
		if f := mistaken(row, "adobe"); f != nil {
			return f
		}
		return &flaw{badTSV, fmt.Sprintf("want the %d columns of %s in %s, found %d", len(a.columns), adobeHeaderFile, a.header.from, found)}
	}
	return nil
}

// text is the value of a column: a backslash stands before a tab, an end of
// line or a backslash that was sent (experienceleague.adobe.com, special
// characters in data feeds), which may also be written as the letters t and n.
// Feeds are ISO-8859-1, but what a report suite collected as UTF-8 is left so.
func (a *adobe) text(column []byte) []byte {
	if bytes.IndexByte(column, '\\') < 0 && utf8.Valid(column) {
		return column
	}
	start := len(a.scratch)
	for i := 0; i < len(column); i++ {
		c := column[i]
		if c == '\\' && i+1 < len(column) {
			switch next := column[i+1]; next {
			case '\t', '\n', '\\':
				c, i = next, i+1
			case 't':
				c, i = '\t', i+1
			case 'n':
				c, i = '\n', i+1
			}
		}
		a.scratch = append(a.scratch, c)
	}
	if utf8.Valid(a.scratch[start:]) {
		return a.scratch[start:]
	}
	latin := len(a.scratch)
	for i := start; i < latin; i++ {
		a.scratch = utf8.AppendRune(a.scratch, rune(a.scratch[i]))
	}
	return a.scratch[latin:]
}

// skips returns why Adobe itself counts the hit nowhere, "" if it does: only
// hits with exclude_hit 0 are in its reports, and those of some uploads are no
// part of visits (experienceleague.adobe.com, calculate metrics).
func (a *adobe) skips() string {
	if a.excluded.known() && string(a.excluded.bytes) != "0" {
		return excludedHit
	}
	switch string(a.source.bytes) {
	case "5", "7", "8", "9":
		return uploadedRows
	}
	return ""
}

// hit makes an event of a row.
func (a *adobe) hit(e *transform.Event) *flaw {
	var v [fieldCount]value
	for f, places := range a.places {
		for _, p := range places {
			if p.known() && !(field(f).isTime() && string(p.bytes) == "0") {
				v[f] = *p
				break
			}
		}
	}
	if !v[eventID].known() {
		v[eventID] = a.together(a.hitHigh, a.hitLow)
	}
	if !v[deviceID].known() {
		v[deviceID] = a.together(a.visitorHigh, a.visitorLow)
	}
	// Visits are counted from 1: what is in none has the number 0.
	if !v[sessionID].known() && string(a.visit.bytes) != "0" {
		v[sessionID] = a.together(a.visit, a.visitStart)
	}
	if !v[eventName].known() {
		v[eventName] = value{kind: text, bytes: a.name()}
	}
	// Reports have hits whose customer_perspective is 0, and others if they are
	// told to have what apps did in the background (calculate metrics).
	if a.perspective.known() && string(a.perspective.bytes) != "0" {
		v[background] = firstKnown(v[background], value{kind: boolean, bytes: []byte("true")})
	}
	for i, p := range a.properties {
		a.judge.kept.values[i] = *p
	}
	return a.judge.event(&v, e)
}

// together writes two numbers that are one id; the id 0 is none.
func (a *adobe) together(high, low *value) value {
	if !high.known() || !low.known() || string(high.bytes) == "0" && string(low.bytes) == "0" {
		return value{}
	}
	start := len(a.scratch)
	a.scratch = append(append(append(a.scratch, high.bytes...), '-'), low.bytes...)
	return value{kind: text, bytes: a.scratch[start:]}
}

// name is what kind of hit it is (experienceleague.adobe.com, page event
// lookup). Without that column a hit with a page is a view of it.
func (a *adobe) name() []byte {
	n := firstKnown(*a.pageEvent, *a.pageEventBefore)
	switch string(n.bytes) {
	case "0":
		return []byte("page_view")
	case "10", "100": // and what apps track as an action
		return []byte("custom_link")
	case "11", "101":
		return []byte("download_link")
	case "12", "102":
		return []byte("exit_link")
	case "":
		if a.pageName.known() || a.pageURL.known() {
			return []byte("page_view")
		}
		return []byte("hit")
	}
	start := len(a.scratch)
	a.scratch = append(append(a.scratch, "page_event_"...), n.bytes...)
	return a.scratch[start:]
}
