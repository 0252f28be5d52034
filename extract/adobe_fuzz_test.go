package extract

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

// Every row is an event, in quarantine or skipped, and an event is whole.
func FuzzAdobe(f *testing.F) {
	columns := strings.Split("hit_time_gmt exclude_hit hit_source post_visid_high post_visid_low hitid_high hitid_low post_pagename post_page_event", " ")
	row := func(texts ...string) string { return strings.Join(texts, "\t") }
	for _, seed := range []string{
		row("1790856010", "0", "1", "30", "69", "33", "46", "Trip", "0") + "\n" + row("1790856010", "4", "1", "30", "69", "", "", "", ""),
		row("1790856010", "0", "1", "30", "69", "33", "46", "S\\\t\xe3o\\\nTom\\\\", "100"),
		row("1790856010", "", "", "30", "69", "33", "46", "\\", "76") + "\\",
		"\n\\\n\\\\\n", "{}", "\t\t\t\t\t\t\t\t",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, hits []byte) {
		r := newReading()
		a, err := newAdobe(r, &adobeHeader{columns: columns})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.read(t.Context(), bytes.NewReader(hits), r); err != nil {
			t.Fatal(err)
		}
		in := r.input
		if in.Lines != in.Events+in.Quarantined+in.Skipped {
			t.Errorf("input %+v: rows are not events, quarantined and skipped", in)
		}
		if rows := int64(bytes.Count(hits, []byte("\n")) + 1); in.Lines > rows {
			t.Errorf("%d rows of %d lines", in.Lines, rows)
		}
		if len(bytes.Trim(hits, "\r\n\ufeff")) > 0 && in.Lines == 0 {
			t.Errorf("%q: no row", hits)
		}
		for _, held := range r.days {
			for _, e := range held.all() {
				if e.Name == "" || e.Subject() == "" || e.ID == "" || e.Attributes == nil || e.At < earliest || e.EngagedMillis != -1 || e.Line < 1 || !utf8.ValidString(e.Screen) {
					t.Errorf("%q: accepted an event that is not whole: %+v", hits, e)
				}
			}
		}
	})
}
