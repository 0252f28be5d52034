package bigquery

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"cloud.google.com/go/bigquery"
)

const (
	// attempts bounds how often one thing is tried, pauses included.
	attempts = 6

	// callTimeout bounds one call, the client's own retries included;
	// uploads may take longer, and so may jobs.
	callTimeout   = 2 * time.Minute
	uploadTimeout = 30 * time.Minute
	jobTimeout    = time.Hour

	// generations bounds the failed jobs of one key that are stepped over.
	generations = 1000
)

// A loadJob replaces a table or one of its partitions. Two jobs of one key load
// the same content to the same place.
type loadJob struct {
	table  string // with $YYYYMMDD for a partition
	key    string
	rows   int64
	source func(context.Context) (bigquery.LoadSource, func() error, error) // the source, and what closes it
}

// run loads once: it starts the job, or finds it started before.
//
// A job that failed keeps its id, so the next try has the next generation in
// its id; and only a job that is known to have failed has a next generation.
func (w *Warehouse) run(ctx context.Context, l loadJob) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	failures, found := 0, false
	for generation := range generations {
		id := fmt.Sprintf("sojourn_%s_g%d", l.key, generation)
		var job *bigquery.Job
		var err error
		if found { // so may this one be: asking is cheaper than an upload in vain
			job, err = w.find(ctx, id)
			found = err == nil
		}
		if !found {
			job, found, err = w.start(ctx, l, id)
		}
		if err != nil {
			return fmt.Errorf("job %s: %w", id, advised(err))
		}
		err = w.wait(ctx, job)
		if err == nil {
			return l.check(job)
		}
		var failed *bigquery.Error
		if !errors.As(err, &failed) {
			return fmt.Errorf("job %s: %w", id, advised(err))
		}
		if found {
			continue // an earlier run has reported it
		}
		if failures++; remedyOf(err) != again || failures == attempts {
			return fmt.Errorf("job %s: %w", id, advised(err))
		}
		if err := w.pause(ctx, failures); err != nil {
			return err
		}
	}
	return fmt.Errorf("%d jobs sojourn_%s_g… have failed, see their errors in BigQuery", generations, l.key)
}

// start starts a job, or returns the one of that id. Found says that it was
// there before this call.
func (w *Warehouse) start(ctx context.Context, l loadJob, id string) (job *bigquery.Job, found bool, _ error) {
	for attempt := 1; ; attempt++ {
		source, closeSource, err := l.source(ctx)
		if err != nil {
			return nil, false, err
		}
		job, err := w.send(ctx, l, id, source)
		err = errors.Join(err, closeSource())
		if err == nil {
			return job, false, nil
		}
		exists := isCode(err, http.StatusConflict)
		if !exists && remedyOf(err) != again {
			return nil, false, err
		}
		// Whether the job was accepted is for the job to say.
		job, lost := w.find(ctx, id)
		switch {
		case lost == nil:
			return job, exists && attempt == 1, nil
		case isCode(lost, http.StatusNotFound) && !exists:
		case remedyOf(lost) != again:
			return nil, false, errors.Join(err, lost)
		}
		if attempt == attempts {
			return nil, false, err
		}
		if err := w.pause(ctx, attempt); err != nil {
			return nil, false, err
		}
	}
}

func (w *Warehouse) send(ctx context.Context, l loadJob, id string, source bigquery.LoadSource) (*bigquery.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadTimeout)
	defer cancel()
	loader := w.dataset.Table(l.table).LoaderFrom(source)
	loader.JobIDConfig = bigquery.JobIDConfig{JobID: id, Location: w.client.Location}
	loader.CreateDisposition = bigquery.CreateNever
	loader.WriteDisposition = bigquery.WriteTruncate
	loader.Labels = map[string]string{"managed_by": "sojourn", "content": l.key}
	return loader.Run(ctx)
}

func (w *Warehouse) find(ctx context.Context, id string) (*bigquery.Job, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return w.client.JobFromIDLocation(ctx, id, w.client.Location)
}

// wait waits until the job is done. The error is a [*bigquery.Error] if the
// job failed.
func (w *Warehouse) wait(ctx context.Context, job *bigquery.Job) error {
	unanswered := 0
	for poll := 1; ; poll++ {
		if status := job.LastStatus(); status != nil && status.Done() {
			return status.Err()
		}
		if err := w.pause(ctx, poll); err != nil {
			return fmt.Errorf("still running: %w", err)
		}
		callCtx, cancel := context.WithTimeout(ctx, callTimeout)
		_, err := job.Status(callCtx)
		cancel()
		if err == nil {
			unanswered = 0
			continue
		}
		if unanswered++; remedyOf(err) != again || unanswered == attempts {
			return fmt.Errorf("state: %w", err)
		}
	}
}

// check makes sure that the job did what l asks for.
func (l loadJob) check(job *bigquery.Job) error {
	config, err := job.Config()
	if err != nil {
		return fmt.Errorf("job %s: %w", job.ID(), err)
	}
	loaded, ok := config.(*bigquery.LoadConfig)
	if !ok || loaded.Dst.TableID != l.table || loaded.Labels["content"] != l.key {
		return fmt.Errorf("job %s is another job: its id was used by someone else", job.ID())
	}
	statistics, ok := job.LastStatus().Statistics.Details.(*bigquery.LoadStatistics)
	if ok && statistics.OutputRows != l.rows {
		return fmt.Errorf("job %s loaded %d rows, where %d were written: the file was changed since; make it again", job.ID(), statistics.OutputRows, l.rows)
	}
	return nil
}
