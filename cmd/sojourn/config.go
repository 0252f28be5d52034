package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/schedules"
	"sojourn/sql"
)

// config is sojourn.yaml.
type config struct {
	App      string         `yaml:"app"`      // name of the app, for people
	Timezone string         `yaml:"timezone"` // reporting zone: days begin here
	Lake     string         `yaml:"lake"`     // all that sojourn writes
	Sources  []sourceConfig `yaml:"sources"`
	Session  sessionConfig  `yaml:"session"`

	// CompareDefinitions are further definitions to try on the same events.
	CompareDefinitions []sessionConfig `yaml:"compare_definitions"`

	Segments      map[string]segmentationConfig `yaml:"segments"`        // segmentations of the user's own
	Cuts          []string                      `yaml:"cuts"`            // segmentations by which metric tables are cut
	MinGroupUsers int64                         `yaml:"min_group_users"` // rows of cuts about fewer users are left out

	Features  map[string]featureConfig `yaml:"features"`   // parts of the app whose use is counted, by name
	Funnels   map[string]funnelConfig  `yaml:"funnels"`    // ways through the app, by name
	Retention []retentionConfig        `yaml:"retention"`  // beside daily_retention
	WeekStart string                   `yaml:"week_start"` // first day of a week

	Onboarding *onboardingConfig `yaml:"onboarding"` // what new users are led through
	Push       pushConfig        `yaml:"push"`
	Incentives []incentiveConfig `yaml:"incentives"` // what brings users back, as is hoped

	Warehouse warehouseConfig `yaml:"warehouse"`

	Interventions []interventionConfig `yaml:"interventions"` // what was done about the app, and when

	Checks        checksConfig `yaml:"checks"`         // what a day must pass before it takes the place of what it was
	LateLimit     duration     `yaml:"late_limit"`     // events that come later wait for backfill --affected; 0 for no limit
	KeepRevisions duration     `yaml:"keep_revisions"` // how long tables are kept that others have replaced

	Privacy privacyConfig `yaml:"privacy"` // what of the raw records is not kept

	Benchmarks  benchmarksConfig `yaml:"benchmarks"`
	Schedule    scheduleConfig   `yaml:"schedule"`
	MaxBadShare share            `yaml:"max_bad_share"` // greatest share of unreadable records that is no failure
	Memory      size             `yaml:"memory"`        // that a run should take, about
	Limits      limitsConfig     `yaml:"limits"`        // of each raw object

	dir  string // of the file: relative paths start here
	text []byte // the file

	tablesOnly bool // sources are not opened
}

type sourceConfig struct {
	Name   string                 `yaml:"name"`
	URL    string                 `yaml:"url"`
	Format string                 `yaml:"format"`
	Match  string                 `yaml:"match"`
	Fields map[string]fieldConfig `yaml:"fields"`
	Clock  clockConfig            `yaml:"clock"`

	// WhenRemoved says what becomes of the events of objects that have gone
	// from the source: restate (they do not count any more) or keep.
	WhenRemoved string `yaml:"when_removed"`

	// Properties of the user's own that are kept of events: where each is.
	Properties map[string]sourcePath `yaml:"properties"`
}

// clockConfig says what is made of the claims of devices' clocks.
type clockConfig struct {
	Correct     bool     `yaml:"correct"`      // by when it was sent and received
	DeadZone    duration `yaml:"dead_zone"`    // what may be the time on the way
	FutureClamp duration `yaml:"future_clamp"` // later than that after its receipt: when it was received
}

// fieldConfig is a path, or a path with the unit of a time.
type fieldConfig struct {
	Path sourcePath `yaml:"path"`
	Unit string     `yaml:"unit"`
	Zone string     `yaml:"zone"`
}

func (f *fieldConfig) UnmarshalYAML(unmarshal func(any) error) error {
	var path string
	if unmarshal(&path) == nil {
		return unmarshal(&f.Path)
	}
	type plain fieldConfig
	return unmarshal((*plain)(f))
}

type warehouseConfig struct {
	DuckDB   string          `yaml:"duckdb"`
	BigQuery *bigqueryConfig `yaml:"bigquery"`
}

type bigqueryConfig struct {
	Project  string `yaml:"project"`
	Dataset  string `yaml:"dataset"`
	Location string `yaml:"location"`
}

type benchmarksConfig struct {
	Industry string `yaml:"industry"`
	Region   string `yaml:"region"`
	Platform string `yaml:"platform"`
	Figures  string `yaml:"figures"` // CSV of further published figures; none if it is empty
}

// limitsConfig bounds what a raw object may become: a key that is not there is
// the default.
type limitsConfig struct {
	MaxObjectBytes size  `yaml:"max_object_bytes"` // decompressed
	MaxRatio       whole `yaml:"max_ratio"`        // times the size of the object
}

type scheduleConfig struct {
	Cron     string `yaml:"cron"`
	Timezone string `yaml:"timezone"`
}

// duration is text such as 30m, 24h or 30d, a day being 24 hours; a bare 0 is
// none.
type duration time.Duration

func (d *duration) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			*d = duration(time.Duration(n) * 24 * time.Hour)
			return nil
		}
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Errorf("%q is not a duration: want a number with a unit, such as 30m, 24h or 30d", text)
	}
	*d = duration(parsed)
	return nil
}

// share is a number from 0 to 1, or a percentage.
type share float64

func (s *share) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	number, isPercent := strings.CutSuffix(strings.TrimSpace(text), "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if isPercent {
		value /= 100
	}
	if err != nil || !(value >= 0 && value <= 1) { // also NaN
		return fmt.Errorf("%q is not a share: want 0 to 1, or a percentage such as 1%%", text)
	}
	*s = share(value)
	return nil
}

// size is a number of bytes, with a unit such as MiB.
type size int64

func (s *size) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	return s.UnmarshalText([]byte(text))
}

func (s *size) UnmarshalText(text []byte) error {
	digits := strings.TrimRight(string(text), "KMGiBb ")
	unit := strings.TrimSpace(strings.TrimPrefix(string(text), digits))
	factor, ok := map[string]int64{
		"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "KB": 1e3, "MB": 1e6, "GB": 1e9,
	}[unit]
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || n <= 0 || n > math.MaxInt64/factor {
		return fmt.Errorf("%q is not a size: want a number of bytes, or one with KiB, MiB or GiB", text)
	}
	*s = size(n * factor)
	return nil
}

// defaults is the configuration of an empty file.
func defaults() config {
	return config{
		Timezone: "UTC", Lake: "./lake", MaxBadShare: 0.01, WeekStart: "monday",
		Limits:  limitsConfig{extract.DefaultObjectBytes, extract.DefaultRatio},
		Session: sessionConfig{Preset: "app"},
		Checks:  defaultChecks(), LateLimit: defaultLateLimit, KeepRevisions: defaultKeepRevisions,
		Push:       pushConfig{Window: duration(30 * time.Minute)},
		Benchmarks: benchmarksConfig{Industry: "all", Platform: "all"},
		Schedule:   scheduleConfig{Cron: "15 4 * * *", Timezone: "UTC"},
	}
}

// loadConfig reads the file, then the flags and environment over it, and
// reports every problem.
func loadConfig(c *cli) (config, error) {
	data, err := os.ReadFile(c.Config)
	if errors.Is(err, fs.ErrNotExist) {
		return config{}, usagef("there is no %s here: write one with sojourn init, name one with --config, or try sojourn demo", c.Config)
	}
	if err != nil {
		return config{}, usageError{err}
	}
	cfg, err := parseConfig(data)
	if err != nil {
		return config{}, usagef("%s:\n%w", c.Config, err)
	}
	if cfg.dir, err = filepath.Abs(filepath.Dir(c.Config)); err != nil {
		return config{}, err
	}
	if c.Lake != "" {
		cfg.Lake = absolute(c.Lake)
	}
	if c.DuckDB != "" {
		cfg.Warehouse = warehouseConfig{DuckDB: absolute(c.DuckDB)}
	}
	if c.Memory != "" {
		if err := cfg.Memory.UnmarshalText([]byte(c.Memory)); err != nil {
			return config{}, usagef("--memory: %w", err)
		}
		if cfg.Memory < leastMemory {
			return config{}, usagef("--memory: %s: %s", c.Memory, tooLittleMemory)
		}
	}
	if err := cfg.validate(); err != nil {
		return config{}, usagef("%s:\n%w", c.Config, err)
	}
	return cfg, nil
}

// absolute makes a path given on the command line independent of the place of
// the configuration file; URLs stay as they are.
func absolute(location string) string {
	if strings.Contains(location, "://") {
		return location
	}
	if path, err := filepath.Abs(location); err == nil {
		return path
	}
	return location
}

// parseConfig reads a file over the defaults. Where it has unknown keys or
// values of the wrong kind, the error also tells what else is wrong with it.
func parseConfig(data []byte) (config, error) {
	cfg := defaults()
	cfg.text = data
	if err := misplacedKey(data); err != nil {
		return cfg, err
	}
	unknown := misfits(data, &cfg)
	if err := yaml.Unmarshal(data, &cfg); err != nil {
		if unknown != nil {
			return cfg, unknown // among them what stopped decoding
		}
		return cfg, errors.New(yaml.FormatError(err, false, true))
	}
	if unknown != nil {
		return cfg, errors.Join(unknown, cfg.validate())
	}
	return cfg, nil
}

// validate reports all problems, relations between settings included.
func (c *config) validate() error {
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf("  "+format, args...)) }
	if _, err := calendar.LoadZone(c.Timezone); err != nil {
		report("timezone: %w", err)
	}
	if c.Lake == "" {
		report("lake: it is empty: want a directory or a bucket URL")
	}
	if len(c.Sources) == 0 {
		report("sources: there is none: say where the raw events are")
	}
	names := map[string]bool{}
	for i, s := range c.Sources {
		if names[s.Name] {
			report("sources: two are named %q", s.Name)
		}
		names[s.Name] = true
		if s.URL == "" {
			report("sources[%d]: url is missing: a directory or a gs://, s3://, azblob:// or file:// URL", i)
		}
		if s.URL != "" && within(c.path(c.Lake), c.path(s.URL)) {
			report("source %q: the lake %s is inside of it: what sojourn writes would be read as events", s.Name, c.Lake)
		}
		if !slices.Contains([]string{"", "restate", "keep"}, s.WhenRemoved) {
			report("source %q: when_removed: %q: want restate or keep", s.Name, s.WhenRemoved)
		}
		if err := c.source(s).Validate(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				report("%s", line)
			}
		}
	}
	if c.Memory != 0 && c.Memory < leastMemory {
		report("memory: %d MiB: %s", c.Memory>>20, tooLittleMemory)
	}
	if c.Limits.MaxRatio < 1 {
		report("limits.max_ratio: %d: want 1 or more", c.Limits.MaxRatio)
	}
	problems = append(problems, c.privacyProblems()...)
	if _, err := c.Session.definition(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			report("session: %s", line)
		}
	}
	if _, err := c.compared(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			report("%s", line)
		}
	}
	if _, err := c.interventions(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			report("%s", line)
		}
	}
	if _, err := c.analysis(); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			report("%s", line)
		}
	}
	if c.LateLimit < 0 || c.KeepRevisions < 0 {
		report("late_limit and keep_revisions: want a duration such as 30d, or 0")
	}
	if b := c.Warehouse.BigQuery; b != nil {
		if b.Project == "" || b.Dataset == "" {
			report("warehouse.bigquery: project and dataset are needed")
		}
		if c.Warehouse.DuckDB != "" {
			report("warehouse: duckdb and bigquery are both set: choose one")
		}
	}
	if !slices.Contains(sql.Industries(), c.Benchmarks.Industry) {
		report("benchmarks.industry: there is no %q: want one of %s", c.Benchmarks.Industry, strings.Join(sql.Industries(), ", "))
	}
	if region := c.Benchmarks.Region; region != "" && !isCountry(region) {
		report("benchmarks.region: %q: want the code of a country (ISO 3166), such as PT", region)
	}
	if !slices.Contains([]string{"all", "ios", "android", "web"}, c.Benchmarks.Platform) {
		report("benchmarks.platform: %q: want all, ios, android or web", c.Benchmarks.Platform)
	}
	if strings.Contains(c.Benchmarks.Figures, "://") {
		report("benchmarks.figures: %q: want a file on this machine", c.Benchmarks.Figures)
	}
	if _, err := schedules.ParseSchedule(c.Schedule.Cron, c.Schedule.Timezone); err != nil {
		report("schedule: %w", err)
	}
	return errors.Join(problems...)
}

// isCountry says whether text has the form of a country's code.
func isCountry(text string) bool {
	isLetter := func(b byte) bool { return 'A' <= b && b <= 'Z' }
	return len(text) == 2 && isLetter(text[0]) && isLetter(text[1])
}

// within says whether a location is another one or inside of it.
func within(inner, outer string) bool {
	inner, _, _ = strings.Cut(inner, "?")
	outer, _, _ = strings.Cut(outer, "?")
	return inner == outer || strings.HasPrefix(inner, strings.TrimSuffix(outer, "/")+"/")
}

// source is the description of a source, without its bucket.
func (c *config) source(s sourceConfig) extract.Source {
	fields := make(map[string]extract.Field, len(s.Fields))
	for name, f := range s.Fields {
		fields[name] = extract.Field{Path: string(f.Path), Unit: f.Unit, Zone: f.Zone}
	}
	clock := extract.Clock{Correct: s.Clock.Correct, DeadZone: time.Duration(s.Clock.DeadZone), FutureClamp: time.Duration(s.Clock.FutureClamp)}
	properties := make(map[string]string, len(s.Properties))
	for name, path := range s.Properties {
		properties[name] = string(path)
	}
	return extract.Source{
		Name: s.Name, Format: s.Format, Match: s.Match, Fields: fields, Clock: clock, Properties: properties,
		Privacy:     c.Privacy.privacy(),
		KeepRemoved: s.WhenRemoved == "keep",
		Limits:      extract.Limits{ObjectBytes: int64(c.Limits.MaxObjectBytes), Ratio: int64(c.Limits.MaxRatio)},
	}
}

// path resolves a path of the file, which is relative to the file's directory.
func (c *config) path(location string) string {
	if strings.Contains(location, "://") || filepath.IsAbs(location) {
		return location
	}
	return filepath.Join(c.dir, location)
}
