package bigquery

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"

	"cloud.google.com/go/bigquery"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"sojourn/load"
)

// A remedy is what an error asks for.
type remedy int

const (
	giveUp remedy = iota // a human must look
	again                // the same may work in a moment
	later                // the same may work after hours
)

// A lakeError is an error of reading a file of the lake, which BigQuery has no
// part in.
type lakeError struct{ error }

func (e *lakeError) Unwrap() error { return e.error }

// remedyOf classifies an error of a call or of a job.
func remedyOf(err error) remedy {
	var unread *lakeError
	if errors.As(err, &unread) {
		return giveUp
	}
	switch reason(err) {
	case "backendError", "internalError", "jobBackendError", "jobInternalError",
		"rateLimitExceeded", "jobRateLimitExceeded", "tableUnavailable":
		return again
	case "quotaExceeded":
		return later
	}
	var reply *googleapi.Error
	if errors.As(err, &reply) {
		if reply.Code >= http.StatusInternalServerError || reply.Code == http.StatusTooManyRequests {
			return again
		}
		return giveUp
	}
	var refused *oauth2.RetrieveError // no token for these credentials
	if errors.As(err, &refused) || errors.Is(err, context.Canceled) {
		return giveUp
	}
	// No reply at all: a broken connection or a deadline of one call.
	var call *url.Error
	var connection *net.OpError
	if errors.As(err, &call) || errors.As(err, &connection) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, context.DeadlineExceeded) {
		return again
	}
	return giveUp
}

// reason returns BigQuery's word for what is wrong, empty if it said nothing.
func reason(err error) string {
	var failed *bigquery.Error
	if errors.As(err, &failed) {
		return failed.Reason
	}
	var reply *googleapi.Error
	if errors.As(err, &reply) && len(reply.Errors) > 0 {
		return reply.Errors[0].Reason
	}
	return ""
}

func isCode(err error, code int) bool {
	var reply *googleapi.Error
	return errors.As(err, &reply) && reply.Code == code
}

// advised adds what to do to an error, and [load.ErrUnavailable] if that is
// only to wait.
func advised(err error) error {
	if err == nil {
		return nil
	}
	advice := &advisedError{err: err}
	switch remedyOf(err) {
	case again:
		advice.what = "run again later: what is loaded already is not loaded twice"
		advice.unavailable = true
	case later:
		advice.what = "a quota of the project is used up: run again tomorrow, or ask for a higher quota"
		advice.unavailable = true
	default:
		switch reason(err) {
		case "accessDenied", "authError", "required":
			advice.what = "the account needs the roles BigQuery Data Editor on the data set and BigQuery Job User on the project"
		case "notFound":
			advice.what = "check project, data set and location in the configuration"
		case "invalid", "invalidQuery":
			advice.what = "the table or view was changed by someone else, or the file is damaged: compare it with docs/tables.md"
		default:
			return err
		}
	}
	return advice
}

type advisedError struct {
	err         error
	what        string
	unavailable bool
}

func (e *advisedError) Error() string { return e.err.Error() + "; " + e.what }

func (e *advisedError) Unwrap() []error {
	if e.unavailable {
		return []error{e.err, load.ErrUnavailable}
	}
	return []error{e.err}
}
