package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf8"

	"sojourn/extract"
	"sojourn/internal/redact"
	"sojourn/transform"
)

// A diagnosis is what a look at a source has shown.
type diagnosis struct {
	Source string `json:"source"`
	URL    string `json:"url"`
	Format string `json:"format,omitempty"` // of the configuration
	Match  string `json:"match,omitempty"`

	Objects   int64           `json:"objects"` // that would be read
	Bytes     int64           `json:"bytes"`
	LeftOut   int64           `json:"objects_left_out"`
	NotMatch  int64           `json:"objects_not_matching"`
	LookedAt  []lookedAt      `json:"looked_at"`
	Contents  []contentsFound `json:"contents"`
	Records   int64           `json:"records"`
	Events    int64           `json:"events"`
	Aliases   int64           `json:"identities"`
	Skipped   int64           `json:"left_out_by_the_product"`
	Unusable  int64           `json:"unusable"`
	Reasons   []reasonFound   `json:"reasons"`
	First     string          `json:"first_event_at,omitempty"` // RFC 3339
	Last      string          `json:"last_event_at,omitempty"`
	NoSession float64         `json:"share_without_session_id"` // of events
	Names     []eventFound    `json:"events_by_name"`
	Never     []neverFilled   `json:"never_filled"`
	NotSeen   []string        `json:"declared_events_not_seen"` // of all sources

	Differences []string `json:"differences"` // from the configuration
	Next        string   `json:"next,omitempty"`
}

type lookedAt struct {
	Object   string `json:"object"`
	Bytes    int64  `json:"bytes"`
	Contents string `json:"contents"`
	Format   string `json:"format,omitempty"` // that has such contents
	Records  int64  `json:"records"`
	Unusable int64  `json:"unusable"`
	Problem  string `json:"problem,omitempty"`
}

type contentsFound struct {
	Contents string `json:"contents"`
	Objects  int    `json:"objects"`
	Example  string `json:"example"`
}

type reasonFound struct {
	Reason  string `json:"reason"`
	Records int64  `json:"records"`
	Object  string `json:"object"`
	Line    int64  `json:"line"`
	Detail  string `json:"detail"`
	Advice  string `json:"advice,omitempty"`
}

type eventFound struct {
	Event  string   `json:"event"`
	Events int64    `json:"events"`
	Roles  []string `json:"roles"`
}

type neverFilled struct {
	Fields string `json:"fields"`
	Cost   string `json:"cost"`
}

func newDiagnosis(s extract.Source, url string, sample extract.Sample, d transform.Definition) diagnosis {
	out := diagnosis{
		Source: s.Name, URL: redact.Location(url), Format: s.Format, Match: s.Match,
		Objects: sample.Listed, Bytes: sample.Bytes, LeftOut: sample.LeftOut, NotMatch: sample.NotMatch,
		Records: sample.Records, Events: sample.Events, Aliases: sample.Aliases, Skipped: sample.Skipped, Unusable: sample.Rejected,
		// Lists, not null, for programs that read them.
		LookedAt: []lookedAt{}, Contents: []contentsFound{}, Reasons: []reasonFound{}, Names: []eventFound{},
		Never: []neverFilled{}, NotSeen: []string{}, Differences: []string{},
	}
	byContents := map[string]*contentsFound{}
	for _, o := range sample.Objects {
		contents := o.Content.String()
		out.LookedAt = append(out.LookedAt, lookedAt{o.Name, o.Size, contents, o.Content.Format, o.Records, o.Rejected, o.Error})
		if byContents[contents] == nil {
			byContents[contents] = &contentsFound{contents, 0, o.Name}
		}
		byContents[contents].Objects++
	}
	for _, c := range byContents {
		out.Contents = append(out.Contents, *c)
	}
	slices.SortFunc(out.Contents, func(a, b contentsFound) int {
		return cmp.Or(cmp.Compare(b.Objects, a.Objects), strings.Compare(a.Contents, b.Contents))
	})
	for _, r := range sample.Reasons {
		out.Reasons = append(out.Reasons, reasonFound{r.Reason, r.Records, r.Object, r.Line, r.Detail, advice(r.Reason)})
	}
	if sample.Events > 0 {
		out.First = time.UnixMicro(sample.First).UTC().Format(time.RFC3339)
		out.Last = time.UnixMicro(sample.Last).UTC().Format(time.RFC3339)
		out.NoSession = 1 - float64(sample.Filled["session_id"])/float64(sample.Events)
		out.Never = costs(sample, d)
	}
	for _, n := range sample.Names {
		out.Names = append(out.Names, eventFound{n.Name, n.Events, rolesOf(n.Name, d)})
	}
	return out
}

// differ notes a difference from the configuration.
func (d *diagnosis) differ(format string, args ...any) {
	d.Differences = append(d.Differences, fmt.Sprintf(format, args...))
}

// compare notes what differs from the configuration of a source, and what the
// session definition needs that is not there.
func (d *diagnosis) compare(s extract.Source, sample extract.Sample, definition transform.Definition, maxBadShare float64) {
	if sample.Listed == 0 {
		d.differ("there is no object to read: is url right, and match?")
		return
	}
	misfits := map[string]*contentsFound{}
	for _, o := range sample.Objects {
		switch contents := o.Content.String(); {
		case o.Misfit(s.Format):
			if misfits[contents] == nil {
				misfits[contents] = &contentsFound{contents, 0, o.Name}
			}
			misfits[contents].Objects++
		case o.Error != "":
			d.differ("%s cannot be read to its end: %s", o.Name, o.Error)
		}
	}
	for _, contents := range slices.Sorted(maps.Keys(misfits)) {
		m := misfits[contents]
		d.differ("%d of %s: %s, not %s, such as %s: is the format right, and match?",
			m.Objects, plural(len(sample.Objects), "object"), m.Contents, s.Format, m.Example)
	}
	if bad := share64(sample.Rejected, sample.Records); bad > maxBadShare {
		d.differ("%s of the records are unusable, more than max_bad_share allows (%s)", percent(bad), percent(maxBadShare))
	}
	if sample.Events == 0 {
		return
	}
	for _, need := range needs(s, sample, definition) {
		d.differ("%s", need)
	}
}

// needs says what a configuration needs that no record has.
func needs(s extract.Source, sample extract.Sample, d transform.Definition) []string {
	var missing []string
	lacks := func(field string) bool { return sample.Filled[field] == 0 }
	if s.Clock.Correct && (lacks("sent_at") || lacks("received_at")) {
		missing = append(missing, "clock.correct needs sent_at and received_at, of which one is in no event")
	}
	if s.Clock.FutureClamp > 0 && lacks("received_at") {
		missing = append(missing, "clock.future_clamp needs received_at, which is in no event")
	}
	stamped, background := slices.Contains(d.Modes, transform.Stamped), slices.Contains(d.Modes, transform.BackgroundGap)
	if stamped && len(d.Modes) == 1 && lacks("session_id") {
		missing = append(missing, fmt.Sprintf("session: %s takes the session ids of the source, and no event has one: all would be outside any session", d.Name))
	}
	if background && (!stamped || lacks("session_id")) && !seen(sample, d, transform.Background) {
		missing = append(missing, fmt.Sprintf("session: %s counts pauses in the background, and no event says that the app goes there: set events.background", d.Name))
	}
	if slices.Contains(d.Modes, transform.Explicit) && !seen(sample, d, transform.Start) && lacks("new_session") {
		missing = append(missing, fmt.Sprintf("session: %s needs events that start sessions, and there is none: set events.start", d.Name))
	}
	return missing
}

// seen says whether there is an event of a role.
func seen(sample extract.Sample, d transform.Definition, role transform.Role) bool {
	return slices.ContainsFunc(sample.Names, func(n extract.SampledName) bool { return slices.Contains(d.Events[role], n.Name) })
}

// rolesOf returns the roles of an event's name, sorted.
func rolesOf(name string, d transform.Definition) []string {
	roles := []string{}
	for _, role := range slices.Sorted(maps.Keys(d.Events)) {
		if slices.Contains(d.Events[role], name) {
			roles = append(roles, string(role))
		}
	}
	return roles
}

// costs says which fields no event fills, and what that costs.
func costs(sample extract.Sample, d transform.Definition) []neverFilled {
	var never []neverFilled
	var attributes []string
	for _, f := range []struct{ field, cost string }{
		{"event_id", "two deliveries are known as one event only if they say the same in all that is read"},
		{"user_id", "a user is a device: one person on two devices counts twice"},
		{"device_id", "a user's devices are not told apart: what happens on two at once is one session"},
		{"received_at", "of two deliveries nobody knows which came first, nor whether a clock is wrong"},
		{"session_id", "sessions of the product's own cannot be taken over or compared"},
		{"screen", "sessions have no entry and exit screen, and no count of different screens"},
		{"engaged_ms", "engaged time is the duration, less what is known to be in the background"},
		{"platform", "no cut by platform"}, {"country", "no cut by country"}, {"app_version", "no cut by app version"},
		{"os_version", ""}, {"device_model", ""}, {"language", ""}, {"acquisition_source", ""}, {"campaign", ""},
		{"device_class", ""}, {"utc_offset", ""},
	} {
		switch {
		case sample.Filled[f.field] > 0:
		case f.cost == "":
			attributes = append(attributes, f.field)
		default:
			never = append(never, neverFilled{f.field, f.cost})
		}
	}
	if len(attributes) > 0 {
		never = append(never, neverFilled{strings.Join(attributes, ", "), "null in sessions"})
	}
	if !seen(sample, d, transform.Background) && !seen(sample, d, transform.Foreground) {
		never = append(never, neverFilled{"events of the roles foreground and background",
			"time in the background is not known: presets that count it cannot be reproduced"})
	}
	return never
}

// formatFound is a format and how many objects are of it.
type formatFound struct {
	name    string
	objects int
}

// formatsOf returns the formats of the objects of a sample, the most frequent
// first.
func formatsOf(sample extract.Sample) []formatFound {
	counts := map[string]int{}
	for _, o := range sample.Objects {
		if o.Content.Format != "" {
			counts[o.Content.Format]++
		}
	}
	var list []formatFound
	for name, n := range counts {
		list = append(list, formatFound{name, n})
	}
	slices.SortFunc(list, func(a, b formatFound) int {
		return cmp.Or(cmp.Compare(b.objects, a.objects), strings.Compare(a.name, b.name))
	})
	return list
}

// advice says what to do about records of a reason.
func advice(reason string) string {
	switch reason {
	case "bad_json", "bad_csv", "not_an_object":
		return "the line is cut off, or not of this format"
	case "wrong_format":
		return "set the format that is named, or narrow match"
	case "missing_timestamp", "missing_event_name", "missing_subject":
		return "does fields name the right place?"
	case "bad_timestamp":
		return "does fields say the unit and zone of the time?"
	case "timestamp_too_early", "timestamp_in_future":
		return "a wrong unit if all records have it, else the clock of a device"
	case "wrong_type", "invalid_text":
		return "does fields name the right place?"
	case "line_too_long":
		return "is it a file of lines?"
	case "truncated_object":
		return "upload the object again"
	}
	return ""
}

// print writes the diagnosis for a person.
func (d *diagnosis) print(w io.Writer) {
	fmt.Fprintf(w, "source %s at %s", d.Source, d.URL)
	if d.Format != "" {
		fmt.Fprintf(w, ", read as %s", d.Format)
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...any) {
		fmt.Fprint(table, "  ")
		for i, c := range cells {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, c)
		}
		fmt.Fprintln(table)
	}
	listed := fmt.Sprintf("%s, %s", plural(d.Objects, "object"), megabytes(d.Bytes))
	if d.LeftOut > 0 {
		listed += fmt.Sprintf("; %s without data by name", plural(d.LeftOut, "object"))
	}
	if d.NotMatch > 0 {
		listed += fmt.Sprintf("; %s not matching %s", plural(d.NotMatch, "object"), d.Match)
	}
	row("listed", listed)
	row("looked at", fmt.Sprintf("%s, %s", plural(len(d.LookedAt), "object"), plural(d.Records, "record")))
	for i, c := range d.Contents {
		label := ""
		if i == 0 {
			label = "contents"
		}
		row(label, fmt.Sprintf("%s: %s, such as %s", plural(c.Objects, "object"), oneLine(c.Contents), oneLine(c.Example)))
	}
	if d.Records > 0 {
		usable := fmt.Sprintf("%s: %s", percent(1-share64(d.Unusable, d.Records)), plural(d.Events, "event"))
		if d.Aliases > 0 {
			usable += fmt.Sprintf(", %s which id is whose", plural(d.Aliases, "record"))
		}
		if d.Skipped > 0 {
			usable += fmt.Sprintf(", %s left out by the product", thousands(d.Skipped))
		}
		row("usable", usable+fmt.Sprintf("; %s unusable", thousands(d.Unusable)))
	}
	if d.Events > 0 {
		row("times", d.First+" to "+d.Last)
		row("no session id", percent(d.NoSession)+" of events")
	}
	table.Flush()

	if len(d.Reasons) > 0 {
		fmt.Fprintln(w, "\n  unusable because")
		for _, r := range d.Reasons {
			fmt.Fprintf(w, "  - %s, %s: %s\n", r.Reason, plural(r.Records, "record"), oneLine(r.Detail))
			fmt.Fprintf(w, "    %s:%d", oneLine(r.Object), r.Line)
			if r.Advice != "" {
				fmt.Fprintf(w, " (%s)", r.Advice)
			}
			fmt.Fprintln(w)
		}
	}
	if len(d.Names) > 0 {
		const most = 12
		fmt.Fprintln(w)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "  events\tname\trole")
		for _, n := range d.Names[:min(len(d.Names), most)] {
			fmt.Fprintf(table, "  %s\t%s\t%s\n", thousands(n.Events), printable(n.Event), cmp.Or(strings.Join(n.Roles, ", "), "activity"))
		}
		table.Flush()
		if more := len(d.Names) - most; more > 0 {
			fmt.Fprintf(w, "  and %s\n", plural(more, "other name"))
		}
	}
	if len(d.Never) > 0 {
		fmt.Fprintln(w, "\n  never filled")
		for _, n := range d.Never {
			fmt.Fprintf(w, "  - %s: %s\n", n.Fields, n.Cost)
		}
	}
	if len(d.NotSeen) > 0 {
		fmt.Fprintln(w, "\n  named in the configuration, and in no record that was looked at of any source: misspelt, or rare")
		for _, name := range d.NotSeen {
			fmt.Fprintf(w, "  - %s\n", printable(name))
		}
	}
	fmt.Fprintln(w)
	if len(d.Differences) == 0 && d.Next == "" {
		fmt.Fprintln(w, "  the configuration fits")
	}
	for _, difference := range d.Differences {
		fmt.Fprintf(w, "  ! %s\n", oneLine(difference))
	}
	if d.Next != "" {
		fmt.Fprintf(w, "  next: %s\n", d.Next)
	}
}

// share64 is a part of a whole; 0 of nothing.
func share64(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// percent writes a share with one decimal, but never rounds what is not all or
// nothing to all or nothing.
func percent(share float64) string {
	text := fmt.Sprintf("%.1f", 100*share)
	switch {
	case share < 1 && text == "100.0":
		text = "over 99.9"
	case share > 0 && text == "0.0":
		text = "under 0.1"
	}
	return strings.TrimSuffix(text, ".0") + " %"
}

// printable shows a text of the data in one line of a table.
func printable(text string) string {
	const most = 60
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		text = strconv.Quote(text)
	}
	if utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text
}
