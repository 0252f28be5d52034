// Package bigquery publishes the tables in a BigQuery data set.
//
// A publish loads the new partitions beside the tables, into staging tables
// that nobody reads, audits them there, and puts them in their places in one
// transaction, together with what tells of the publish: published_partitions
// and published_group. Readers of tables and views see what was before or what
// is after, and a run that is not at work any more cannot commit.
//
// The id of a job says what it does; asking for the same twice finds the first
// job. Whatever reply is lost on the way, the job itself is asked before
// anything is sent again. A publish that was interrupted is begun again, and
// finds the loads that are done.
package bigquery

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"cloud.google.com/go/bigquery"
	"google.golang.org/api/option"

	"sojourn/internal/bucket"
	"sojourn/load"
	"sojourn/sql"
)

// A Config names a data set.
type Config struct {
	Project  string
	Dataset  string
	Location string // such as EU; empty: where the data set is, or BigQuery's default for a new one
}

// A Warehouse is a BigQuery data set.
type Warehouse struct {
	config  Config
	client  *bigquery.Client
	dataset *bigquery.Dataset
	lake    *bucket.Bucket
	tables  []load.Table
	views   []sql.View
	pause   func(ctx context.Context, attempt int) error
}

var _ load.Warehouse = (*Warehouse)(nil)

// Open returns the warehouse, which publishes Parquet files of the lake: from
// where they are if the lake is on Google Cloud Storage, by upload otherwise.
// The data set need not exist; the first publish creates it. With the
// environment variable BIGQUERY_EMULATOR_HOST set, it is the one at that
// address, such as localhost:9050, asked without credentials.
func Open(ctx context.Context, config Config, lake *bucket.Bucket, opts ...option.ClientOption) (*Warehouse, error) {
	if host := os.Getenv("BIGQUERY_EMULATOR_HOST"); host != "" {
		opts = append(opts, option.WithEndpoint("http://"+host), option.WithoutAuthentication())
	}
	client, err := bigquery.NewClient(ctx, config.Project, opts...)
	if err != nil {
		return nil, fmt.Errorf("open BigQuery data set %s.%s: %w", config.Project, config.Dataset, err)
	}
	client.Location = config.Location
	return &Warehouse{
		config:  config,
		client:  client,
		dataset: client.Dataset(config.Dataset),
		lake:    lake,
		tables:  load.Tables(),
		views:   sql.Views(),
		pause:   pause,
	}, nil
}

// Close releases the connections.
func (w *Warehouse) Close() error { return w.client.Close() }

// pause waits before attempt number attempt, from 1: about half a second, then
// twice as long each time up to half a minute, and never in step with others.
func pause(ctx context.Context, attempt int) error {
	longest := min(500*time.Millisecond<<min(attempt-1, 10), 30*time.Second)
	timer := time.NewTimer(longest/2 + rand.N(longest/2))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
