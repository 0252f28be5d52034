package transform_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sojourn/transform"
)

func TestPresetsAreValid(t *testing.T) {
	digests := map[string]string{}
	for _, p := range transform.Presets() {
		if err := p.Validate(); err != nil {
			t.Errorf("preset %s: %v", p.Name, err)
		}
		if other, again := digests[p.Digest()]; again {
			t.Errorf("presets %s and %s are the same", other, p.Name)
		}
		digests[p.Digest()] = p.Name
		if p.For == "" || p.Limits == "" || len(p.Sources) == 0 && p.Name != "app" {
			t.Errorf("preset %s does not say what it is for, what it cannot do, or where its rules are from", p.Name)
		}
		if found, ok := transform.PresetNamed(p.Name); !ok || found.Digest() != p.Digest() {
			t.Errorf("preset %s is not found by its name", p.Name)
		}
	}
}

func TestValidateReportsEveryProblem(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*transform.Definition)
		want   []string // one part of each line
	}{
		{"a timeout of nothing", timeout(0), []string{"timeout: 0s is not a pause"}},
		{"a negative timeout", timeout(-time.Second), []string{"timeout: -1s"}},
		{"a boundary of another kind", func(d *transform.Definition) { d.Boundary = "=" }, []string{`boundary: "=": want ">"`}},
		{"a negative cap", maximum(-time.Hour), []string{"cap: -1h0m0s is negative"}},
		{"a cap within the timeout", maximum(time.Minute), []string{"cap: 1m0s is shorter than the timeout of 30m0s"}},
		{"a cap of the timeout is right", maximum(30 * time.Minute), nil},
		{"no cap is right", maximum(0), nil},
		{"a negative threshold", func(d *transform.Definition) { d.Engaged.Views = -1 }, []string{"engaged: thresholds are not negative"}},
		{"a role that does not exist", func(d *transform.Definition) { d.Events["begin"] = []string{"x"} }, []string{`events: there is no role "begin"`}},
		{"ignored and something else", func(d *transform.Definition) { d.Events[transform.Ignore] = []string{"app_crash"} },
			[]string{`events: "app_crash" is ignored and has another role`}},
		{"background and an end", func(d *transform.Definition) { d.Events[transform.Join] = []string{"app_close"} },
			[]string{`events: "app_close" cannot join`}},
		{"start and end at once are right", func(d *transform.Definition) { d.Events[transform.Start] = []string{"session_end"} }, nil},
		{"several problems", func(d *transform.Definition) {
			d.Timeout, d.Boundary, d.Cap, d.Engaged.After = 0, "", -1, -1
		}, []string{"boundary:", "cap:", "engaged:", "timeout:"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := transform.App()
			test.change(&d)
			var got []string
			if err := d.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if !slices.EqualFunc(test.want, got, func(want, got string) bool { return strings.HasPrefix(got, want) }) {
				t.Errorf("problems:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// Definitions with the same rules have the same digest, others have others.
func TestDigest(t *testing.T) {
	app := transform.App().Digest()
	if len(app) != 16 {
		t.Errorf("digest %q: want 16 digits", app)
	}
	for name, change := range map[string]func(*transform.Definition){
		"another name":            func(d *transform.Definition) { d.Name = "mine" },
		"names in another order":  func(d *transform.Definition) { slices.Reverse(d.Events[transform.Join]) },
		"a role without names":    func(d *transform.Definition) { d.Events[transform.Start] = []string{} },
		"a name that is repeated": func(d *transform.Definition) { d.Events[transform.End] = append(d.Events[transform.End], "app_close") },
	} {
		d := transform.App()
		if change(&d); d.Digest() != app {
			t.Errorf("%s changes the digest", name)
		}
	}
	seen := map[string]string{app: "the preset"}
	for name, change := range map[string]func(*transform.Definition){
		"timeout":       timeout(time.Hour),
		"boundary":      atLeast,
		"cap":           maximum(0),
		"user change":   keepUser,
		"engaged after": func(d *transform.Definition) { d.Engaged.After = 0 },
		"engaged views": func(d *transform.Definition) { d.Engaged.Views = 0 },
		"a new event":   func(d *transform.Definition) { d.Events[transform.Join] = append(d.Events[transform.Join], "tick") },
		"another role": func(d *transform.Definition) {
			d.Events[transform.Start], d.Events[transform.End] = d.Events[transform.End], nil
		},
		"one name of two": func(d *transform.Definition) { d.Events[transform.End] = []string{"session_end app_close"} },
	} {
		d := transform.App()
		change(&d)
		if other, same := seen[d.Digest()]; same {
			t.Errorf("%s and %s have the same digest", name, other)
		}
		seen[d.Digest()] = name
	}
}
