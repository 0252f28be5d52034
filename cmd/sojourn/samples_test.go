package main

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
	"sojourn/transform"
)

var (
	presetComment = regexp.MustCompile(`(?m)^  # preset: (\S+)`)
	fieldComment  = regexp.MustCompile(`(?m)^    #( fields:|   \w+: .*)$`)
)

// Every format has a sample whose configuration is valid, also with the
// settings that are commented out, and names presets that there are.
func TestEveryFormatHasASample(t *testing.T) {
	if diff := cmp.Diff(extract.Formats(), slices.Sorted(maps.Keys(formatSamples()))); diff != "" {
		t.Errorf("formats (-can be read +have a sample):\n%s", diff)
	}
	for _, format := range extract.Formats() {
		t.Run(format, func(t *testing.T) {
			text, err := sampleConfig(sample{App: "trails", Zone: "Europe/Lisbon", URL: "./raw", Format: format, Industry: "all"})
			if err != nil {
				t.Fatal(err)
			}
			check := func(text string) {
				t.Helper()
				cfg, err := parseConfig([]byte(text))
				if err == nil {
					err = cfg.validate()
				}
				if err != nil {
					t.Errorf("%v\n%s", err, text)
				}
			}
			check(text)
			for _, comment := range fieldComment.FindAllStringSubmatchIndex(text, -1) {
				if line := text[comment[2]:comment[3]]; line != " fields:" {
					check(text[:comment[0]] + "    fields:\n    " + line + text[comment[1]:])
				}
			}
			presets := presetComment.FindAllStringSubmatch(text, -1)
			for _, preset := range presets {
				if _, ok := transform.PresetNamed(preset[1]); !ok {
					t.Errorf("there is no preset %s", preset[1])
				}
			}
			if mapped := slices.Contains([]string{"csv", "ndjson", "parquet", "segment"}, format); mapped != (len(presets) == 0) {
				t.Errorf("%d presets are named for a product's export", len(presets))
			}
		})
	}
}

// What the commented configuration shows of questions can be asked as it
// stands.
func TestQuestionsOfTheSampleAreValid(t *testing.T) {
	var text strings.Builder
	for line := range strings.Lines(questions) {
		if uncommented, ok := strings.CutPrefix(line, "# "); ok && !strings.HasPrefix(uncommented, "What ") {
			text.WriteString(uncommented)
		}
	}
	cfg, err := parseConfig([]byte("app: shop\nsources: [{name: app, url: ./raw, format: ga4}]\n" + text.String()))
	if err == nil {
		err = cfg.validate()
	}
	if err != nil {
		t.Fatalf("%v in\n%s", err, &text)
	}
	if len(cfg.Cuts) == 0 || len(cfg.Segments) == 0 || len(cfg.Retention) == 0 || len(cfg.Features) == 0 || len(cfg.Funnels) == 0 || len(cfg.Interventions) == 0 {
		t.Errorf("not all was asked:\n%s", &text)
	}
}
