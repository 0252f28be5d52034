package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/load/bigquery"
	"sojourn/load/duckdb"
	"sojourn/schedules"
	"sojourn/sql"
)

// project is a configuration with its parts wired: this file alone knows every
// concrete type. Close it.
type project struct {
	config   config
	pipeline *schedules.Pipeline

	pseudonyms *extract.Pseudonyms // nil if ids are kept as they are
	noLake     string              // where a lake was looked for, and is none; empty if it is there
	opened     []io.Closer
}

func (p *project) Close() error {
	for _, c := range p.opened {
		c.Close() // buckets: every write was closed before
	}
	return nil
}

// open wires the configured project. A lake that is not there yet is made if
// create is set, and is empty otherwise.
func (a *app) open(ctx context.Context, create bool) (*project, error) {
	cfg, err := loadConfig(a.cli)
	if err != nil {
		return nil, err
	}
	return a.wire(ctx, cfg, create)
}

// openTables is open for what asks tables and manifests, and reads no source:
// who does so needs neither the key of pseudonyms nor access to raw objects.
func (a *app) openTables(ctx context.Context) (*project, error) {
	cfg, err := loadConfig(a.cli)
	if err != nil {
		return nil, err
	}
	cfg.tablesOnly = true
	return a.wire(ctx, cfg, false)
}

func (a *app) wire(ctx context.Context, cfg config, create bool) (_ *project, err error) {
	p := &project{config: cfg}
	a.memory.keepTo(cfg.Memory)
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	definition, err := cfg.Session.definition()
	if err != nil {
		return nil, usageError{err}
	}
	compared, err := cfg.compared()
	if err != nil {
		return nil, usageError{err}
	}
	interventions, err := cfg.interventions()
	if err != nil {
		return nil, usageError{err}
	}
	analysis, err := cfg.analysis()
	if err != nil {
		return nil, usageError{err}
	}
	zone, err := calendar.LoadZone(cfg.Timezone)
	if err != nil {
		return nil, usageError{err}
	}
	var sources []extract.Source
	if !cfg.tablesOnly {
		if sources, err = p.sources(ctx, a.cli.Config); err != nil {
			return nil, err
		}
	}
	if location := cfg.path(cfg.Lake); !create && !strings.Contains(location, "://") {
		if _, err := os.Stat(location); errors.Is(err, fs.ErrNotExist) {
			p.noLake, cfg.Lake = cfg.Lake, "mem://" // nothing there, and nothing to be written
		}
	}
	lake, err := p.bucket(ctx, cfg.Lake, create)
	if err != nil {
		return nil, usagef("lake: %w", err)
	}
	if p.noLake != "" {
		lake = lake.Named(p.noLake)
	}
	reference, err := p.reference(cfg)
	if err != nil {
		return nil, err
	}
	run, err := uuid.NewV7()
	if err != nil {
		return nil, err
	}
	p.pipeline = &schedules.Pipeline{
		Lake: lake, Sources: sources, Definition: definition, Analysis: analysis, Compare: compared, Zone: zone,
		OpenWarehouse: func(ctx context.Context) (load.Warehouse, error) { return p.warehouse(ctx) },
		Reference:     reference, Interventions: interventions,
		Checks: cfg.Checks.checks(), LateLimit: time.Duration(cfg.LateLimit), KeepRevisions: time.Duration(cfg.KeepRevisions),
		MaxBadShare: float64(cfg.MaxBadShare), MemoryBytes: cfg.eventMemory(), RowBytes: cfg.rowMemory(), Workers: a.cli.Workers,
		Now: time.Now, Run: run.String(), Log: a.log,
	}
	return p, nil
}

// hasLake is for commands that only read: it is an error if there is nothing
// to be read.
func (p *project) hasLake() error {
	if p.noLake == "" {
		return nil
	}
	return usagef("there is no lake at %s: is lake, or --lake, right? sojourn run makes it", p.noLake)
}

// sources opens the configured sources.
func (p *project) sources(ctx context.Context, file string) (sources []extract.Source, err error) {
	if p.pseudonyms, err = p.config.pseudonyms(); err != nil {
		return nil, usagef("%s:\n%w", file, err)
	}
	for _, s := range p.config.Sources {
		source := p.config.source(s)
		source.Privacy.Pseudonyms = p.pseudonyms
		if source.Bucket, err = p.bucket(ctx, s.URL, false); err != nil {
			return nil, usagef("source %q: %w", s.Name, err)
		}
		sources = append(sources, source)
	}
	return sources, nil
}

func (p *project) bucket(ctx context.Context, location string, create bool) (*bucket.Bucket, error) {
	b, err := bucket.Open(ctx, p.config.path(location), create, clouds.Version)
	if err == nil {
		p.opened = append(p.opened, b)
	}
	return b, err
}

// warehouse is the configured warehouse: DuckDB unless BigQuery is set.
func (p *project) warehouse(ctx context.Context) (load.Warehouse, error) {
	if b := p.config.Warehouse.BigQuery; b != nil {
		return bigquery.Open(ctx, bigquery.Config{Project: b.Project, Dataset: b.Dataset, Location: b.Location}, p.pipeline.Lake)
	}
	return p.duckdb(ctx)
}

// hasWarehouse tells before a run whether this program can publish at all.
func (p *project) hasWarehouse(ctx context.Context) error {
	if p.config.Warehouse.BigQuery != nil {
		return nil
	}
	if _, err := p.duckdb(ctx); err != nil {
		return usageError{err}
	}
	return nil
}

func (p *project) duckdb(ctx context.Context) (*duckdb.Warehouse, error) {
	if p.config.Warehouse.BigQuery != nil {
		return nil, usagef("the warehouse of this project is BigQuery: ask it there, in data set %s", p.config.Warehouse.BigQuery.Dataset)
	}
	path := p.config.Warehouse.DuckDB
	if path == "" {
		path = "./warehouse.duckdb"
	}
	return duckdb.Open(ctx, p.config.path(path), p.pipeline.Lake, duckdb.Options{MemoryLimit: p.config.duckdbMemory()})
}

// reference is the published benchmarks, what the app says of itself, and its
// session definitions.
func (p *project) reference(cfg config) ([]load.File, error) {
	figures, err := cfg.figures()
	if err != nil {
		return nil, err
	}
	defined, err := cfg.defined()
	if err != nil {
		return nil, usageError{err}
	}
	own := defined[0]
	files, err := load.EncodeReference(figures, sql.Setting{
		App: cfg.App, Industry: cfg.Benchmarks.Industry, Region: cfg.Benchmarks.Region, Platform: cfg.Benchmarks.Platform,
		Timezone: cfg.Timezone, TimeoutSeconds: own.TimeoutSeconds, RuleClass: own.RuleClass, DurationKind: own.DurationKind,
		Preset: own.Preset, Definition: own.Name, DefinitionDigest: own.Digest, MinGroupUsers: cfg.MinGroupUsers, ViewsDigest: sql.Digest(),
	}, defined)
	if err != nil {
		return nil, fmt.Errorf("reference tables: %w", err)
	}
	return files, nil
}
