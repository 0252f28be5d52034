// Package bigquery publishes the tables in a BigQuery data set.
//
// A partition is replaced by one load job that truncates it, so loading again
// is harmless, and readers see the old rows or the new ones of a partition.
// The id of a job says what it loads and where; asking for the same load twice
// finds the first job. Whatever reply is lost on the way, the job itself is
// asked before anything is sent again.
//
// BigQuery cannot replace many partitions at once. The table
// published_partitions says which are being replaced and which are complete:
// it is written before the first load of a publish and after the last.
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
