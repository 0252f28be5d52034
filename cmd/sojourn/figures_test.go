package main

import (
	"testing"
	"time"

	"sojourn/transform"
)

// Which figures a definition may be set beside follows from these three.
func TestWhatADefinitionIsToPublishedFigures(t *testing.T) {
	for preset, want := range map[string]string{
		"app":              "D elapsed ",
		"adjust":           "D foreground ",
		"localytics":       "B elapsed ",
		"amplitude-web":    "D elapsed ",
		"amplitude-mobile": "C elapsed ",
		"countly":          "B engaged ", // goes on within 15 s of an explicit end
		"ga4-stamped":      "D engaged ga4",
		"ga4-web-like":     "D engaged ga4",
		"heap-mobile":      "C elapsed ",
		"posthog":          "D elapsed ",
		"snowplow-mobile":  "D foreground ",
	} {
		p, ok := transform.PresetNamed(preset)
		if !ok {
			t.Fatalf("no preset %s", preset)
		}
		row := definedRow(p.Definition, preset)
		if got := row.RuleClass + " " + row.DurationKind + " " + row.EngagementRule; got != want {
			t.Errorf("%s is %q, want %q", preset, got, want)
		}
	}
	for name, change := range map[string]func(*transform.Definition){
		"the ids of the source":     func(d *transform.Definition) { d.Modes = []transform.Mode{transform.Stamped} },
		"a platform of its own":     func(d *transform.Definition) { d.Platforms = map[string]transform.Pause{"ios": {Timeout: time.Minute}} },
		"another in the background": func(d *transform.Definition) { d.BackgroundTimeout = time.Minute },
	} {
		d := transform.App()
		change(&d)
		if got := definedRow(d, "app").RuleClass; got != "unknown" {
			t.Errorf("with %s sessions are of class %s, want unknown", name, got)
		}
	}
}
