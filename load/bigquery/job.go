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

// A task is what a job does. Two tasks of one key do the same to the same
// state of the data set.
type task struct {
	key  string
	send func(ctx context.Context, id string) (*bigquery.Job, error)

	// check tells whether a job of the task's id is one of the task.
	check func(bigquery.JobConfig) bool
}

// run does a task once: it starts the job, or finds it started before.
//
// A job that failed keeps its id, so the next try has the next generation in
// its id; and only a job that is known to have failed has a next generation.
func (w *Warehouse) run(ctx context.Context, t task) error {
	ctx, cancel := context.WithTimeout(ctx, jobTimeout)
	defer cancel()
	failures, found := 0, false
	for generation := range generations {
		id := fmt.Sprintf("sojourn_%s_g%d", t.key, generation)
		var job *bigquery.Job
		var err error
		if found { // so may this one be: asking is cheaper than an upload in vain
			job, err = w.find(ctx, id)
			found = err == nil
		}
		if !found {
			job, found, err = w.start(ctx, t, id)
		}
		if err != nil {
			return fmt.Errorf("job %s: %w", id, advised(err))
		}
		err = w.wait(ctx, job)
		if err == nil {
			return ours(t, job)
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
	return fmt.Errorf("%d jobs sojourn_%s_g… have failed, see their errors in BigQuery", generations, t.key)
}

// start starts a job, or returns the one of that id. Found says that it was
// there before this call.
func (w *Warehouse) start(ctx context.Context, t task, id string) (job *bigquery.Job, found bool, _ error) {
	for attempt := 1; ; attempt++ {
		job, err := t.send(ctx, id)
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

// ours makes sure that the job is one of the task.
func ours(t task, job *bigquery.Job) error {
	config, err := job.Config()
	if err != nil {
		return fmt.Errorf("job %s: %w", job.ID(), err)
	}
	if !t.check(config) {
		return fmt.Errorf("job %s is another job: its id was used by someone else", job.ID())
	}
	return nil
}
