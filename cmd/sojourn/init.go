package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sojourn/extract"
)

type initCmd struct {
	Dir    string `arg:"" default:"." help:"Directory to write sojourn.yaml into; made if missing."`
	Format string `default:"ndjson" help:"Format of the raw events: ${formats}."`
	App    string `default:"myapp" help:"Name of the app."`
	URL    string `default:"./raw" help:"Where the raw events are: a directory or a bucket URL."`
	Zone   string `default:"UTC" help:"Reporting time zone, an IANA name."`
}

func (c *initCmd) Help() string {
	return `Writes a commented sojourn.yaml; an existing one is left alone.

Examples:
  sojourn init
  sojourn init shop --format ga4 --url gs://acme-raw/analytics_1234 --zone Europe/Lisbon`
}

func (c *initCmd) Run(_ context.Context, a *app) error {
	text, err := sampleConfig(sample{App: c.App, Zone: c.Zone, URL: c.URL, Format: c.Format, Industry: "all"})
	if err != nil {
		return usageError{err}
	}
	cfg, err := parseConfig([]byte(text))
	if err == nil {
		err = cfg.validate()
	}
	if err != nil {
		return usageError{err}
	}
	path, err := writeNew(c.Dir, "sojourn.yaml", text)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "wrote %s\nlook it over, then: sojourn plan\n", path)
	return nil
}

// writeNew writes a file that must not exist yet.
func writeNew(dir, name, text string) (path string, err error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	path = filepath.Join(dir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return "", usagef("%s exists already: it is left as it is", path)
	}
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	return path, errors.Join(err, f.Close())
}

// sample is what a sample configuration is filled with.
type sample struct {
	App, Zone, URL, Format, Match, Industry string
	MaxBadShare                             string
	KeyEvents                               []string
	Questions                               string // what the tables are asked; examples in comments if empty
}

// sampleConfig returns a commented configuration.
func sampleConfig(s sample) (string, error) {
	f, ok := formatSamples()[s.Format]
	if !ok {
		return "", fmt.Errorf("format: unknown %q: want one of %s", s.Format, strings.Join(extract.Formats(), ", "))
	}
	s.Match = cmp.Or(s.Match, f.match, "**")
	s.MaxBadShare = cmp.Or(s.MaxBadShare, "1%")
	keyEvents := "    # key_event: [purchase]      # what the app is for: makes a session engaged\n"
	if len(s.KeyEvents) > 0 {
		keyEvents = fmt.Sprintf("    key_event: [%s]   # what the app is for: makes a session engaged\n", strings.Join(s.KeyEvents, ", "))
	}
	return fmt.Sprintf(`# Configuration of sojourn. An unknown key is an error; relative paths start at
# this file. sojourn --help lists the commands.

app: %s
timezone: %-16s # reporting zone (IANA name): days begin here
lake: ./lake               # all that sojourn writes: a directory or gs:// s3:// azblob:// URL

sources:
  - name: app
    url: %-17s # a directory, or gs:// s3:// azblob:// file:// with a prefix
    format: %-14s # or %s
    match: %-15s # which objects: ** stands for any folders
%s
session:
%s  preset: app              # gap rule, 30 minutes; what follows would differ from it
  # timeout: 30m           # the longest pause inside a session
  # boundary: ">"          # ">": only a longer pause begins a new session; ">=": an equal one too
  # cap: 24h               # a session this old is cut; 0 for never
  # user_change: split     # or keep: when another known user signs in on the device
  # engaged: {after: 10s, screen_views: 2}
  events:                  # a role that is named here replaces the preset's list
%s    # ignore: [heartbeat]        # in no session
    # join: [push_received]      # background work: neither starts nor extends a session
    # start: []                  # always begins a session
    # end: [session_end]         # ends the session
    # crash: [app_crash]
    # foreground: [app_foreground]
    # background: [app_background]
    # screen_view: [screen_view]
  # docs/definitions.md has all knobs, docs/presets.md all presets

# compare_definitions:     # the same events by other rules, side by side: see fct_definitions
#   - {preset: ga4-web-like}
#   - {name: short, timeout: 5m}

warehouse:
  duckdb: ./warehouse.duckdb
  # bigquery: {project: acme, dataset: app_sessions, location: EU}

benchmarks: {industry: %s, platform: all}   # whose published figures to compare with

%s
max_bad_share: %-11s # a greater share of records, or of bytes, unreadable: exit status 3
schedule: {cron: "15 4 * * *", timezone: %s}   # for sojourn schedule

# checks:                  # before tables take the place of others; level: block, warn or off
#   shrink: {share: 50%%, level: block}      # most that a day may lose of its events
#   volume: {share: 10%%, level: block}      # least of what is usual on the weekday
#   zero_length: {share: 90%%, level: warn}  # most of a day's sessions; likewise crashed, capped
# late_limit: 30d          # events that come later wait for sojourn backfill --affected; 0: no limit
# keep_revisions: 30d      # how long replaced tables are kept, for diff and explain
# privacy:                 # what of the raw records is not kept: docs/security.md
#   pseudonyms: {key_env: SOJOURN_PSEUDONYM_KEY}   # or key_file: a key of 32 bytes or more, never in here
#   keep: [platform, country, app_version]         # optional fields and properties; no others
#   quarantine_raw: drop                           # or keep: bytes of records that cannot be used
# memory: 1GiB             # that a run should take, about; a day that needs more gets it: docs/limits.md
# limits: {max_object_bytes: 64GiB, max_ratio: 500}   # of a raw object, decompressed: docs/limits.md
`, s.App, s.Zone, s.URL, s.Format, others(s.Format), fmt.Sprintf("%q", s.Match), f.source, f.preset, keyEvents, s.Industry, cmp.Or(s.Questions, questions), s.MaxBadShare, s.Zone), nil
}

// questions are examples of what the daily tables can be asked.
const questions = `# What the tables are asked beside sessions. By its own, Sojourn cuts by nothing.
# cuts: [platform, interest]       # metric tables by segment too: docs/segments.md
# min_group_users: 10              # rows of cuts about fewer users are left out
# segments:                        # of your own: the first rule that holds
#   interest:
#     rules:
#       - {name: buyer, when: did('purchase')}
#       - {name: fresh, when: first_seen_days_ago < 7}
#     otherwise: other
# retention:                       # docs/retention.md
#   - {name: weekly, return: engaged_session, by: week, periods: 8}
# features: {search: [search]}     # docs/screens.md
# funnels:
#   purchase: {within: session, steps: [{screen: Home}, view_item, purchase]}
# onboarding: {steps: [sign_up, tutorial_done]}   # docs/returning.md
# push: {window: 30m}
# incentives:
#   - {name: bonus, events: [bonus_granted], return_days: 7}
# interventions:                   # what was done about the app, and what came after it: docs/interventions.md
#   - {name: new way in, date: 2026-03-17, what: sign up after the first trip}
`

// others lists the formats beside one.
func others(format string) string {
	names := slices.DeleteFunc(extract.Formats(), func(name string) bool { return name == format })
	return strings.Join(names, " ")
}
