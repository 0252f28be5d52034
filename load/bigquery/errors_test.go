package bigquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"cloud.google.com/go/bigquery"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"sojourn/load"
)

func TestEveryErrorHasItsRemedy(t *testing.T) {
	replied := func(code int, reason string) error {
		return fmt.Errorf("call: %w", &googleapi.Error{Code: code, Errors: []googleapi.ErrorItem{{Reason: reason}}})
	}
	failed := func(reason string) error { return fmt.Errorf("job: %w", &bigquery.Error{Reason: reason}) }
	tests := []struct {
		name   string
		err    error
		want   remedy
		advice string
	}{
		{"server error", replied(500, "internalError"), again, "run again later"},
		{"bad gateway", replied(502, ""), again, "run again later"},
		{"unavailable", replied(503, "backendError"), again, "run again later"},
		{"too many requests", replied(429, ""), again, "run again later"},
		{"rate limit", replied(403, "rateLimitExceeded"), again, "run again later"},
		{"rate limit of jobs", replied(403, "jobRateLimitExceeded"), again, "run again later"},
		{"quota", replied(403, "quotaExceeded"), later, "tomorrow"},
		{"no access", replied(403, "accessDenied"), giveUp, "BigQuery Data Editor"},
		{"nothing there", replied(404, "notFound"), giveUp, "check project"},
		{"bad request", replied(400, "invalid"), giveUp, "docs/tables.md"},
		{"job with a server error", failed("backendError"), again, "run again later"},
		{"job with an internal error", failed("internalError"), again, "run again later"},
		{"job over quota", failed("quotaExceeded"), later, "tomorrow"},
		{"job with a bad file", failed("invalid"), giveUp, "docs/tables.md"},
		{"job stopped by someone", failed("stopped"), giveUp, ""},
		{"connection closed", io.ErrUnexpectedEOF, again, "run again later"},
		{"call took too long", context.DeadlineExceeded, again, "run again later"},
		{"connection refused", &url.Error{Op: "Post", URL: "http://localhost", Err: syscall.ECONNREFUSED}, again, "run again later"},
		{"connection broken", fmt.Errorf("read reply: %w", &net.OpError{Op: "read", Err: syscall.ECONNRESET}), again, "run again later"},
		{"interrupted", context.Canceled, giveUp, ""},
		{"interrupted in a call", &url.Error{Op: "Get", URL: "http://localhost", Err: context.Canceled}, giveUp, ""},
		{"wrong credentials", &url.Error{Op: "Get", URL: "http://localhost", Err: &oauth2.RetrieveError{ErrorCode: "invalid_grant"}}, giveUp, ""},
		{"no such file", &lakeError{fs.ErrNotExist}, giveUp, ""},
		{"the lake is away", &lakeError{&net.OpError{Op: "read", Err: syscall.ECONNRESET}}, giveUp, ""},
		{"anything else", errors.New("there is a table of that name"), giveUp, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := remedyOf(test.err); got != test.want {
				t.Errorf("remedy %d, want %d", got, test.want)
			}
			err := advised(test.err)
			if test.advice == "" && err != test.err {
				t.Errorf("error %v, want it as it was", err)
			}
			if !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.advice) {
				t.Errorf("advice %q, want %q", err, test.advice)
			}
			if got := errors.Is(err, load.ErrUnavailable); got != (test.want != giveUp) {
				t.Errorf("may work later: %t", got)
			}
		})
	}
}
