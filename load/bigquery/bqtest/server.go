//go:build cgo

// Package bqtest is a stand-in for BigQuery in tests: a server on the loopback
// interface that speaks the REST calls that our loads use, and really loads
// the Parquet files into an in-memory DuckDB.
//
// It is stricter than forgiving: a file whose columns, types or nullability are
// not those of the schema, a schema that is not the table's, rows of another
// day than the partition's and a job id used before are refused, and nothing is
// loaded. What it cannot show is the real service: access rights, quotas, cost,
// and limits other than these. Queries are run by DuckDB, so only those in the
// dialect that both share work; those sent over REST must name the partition
// column of every table that requires a filter, which is a weaker test than
// BigQuery's.
package bqtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/duckdb/duckdb-go/v2"
	bq "google.golang.org/api/bigquery/v2"

	views "sojourn/sql"
)

// A Server is a running stand-in. All projects are one.
type Server struct {
	// URL is the endpoint, as for option.WithEndpoint.
	URL string

	http *httptest.Server
	open func(ctx context.Context, uri string) (io.ReadCloser, error)

	mu       sync.Mutex
	db       *sql.DB
	clock    int64 // counts up: the time in milliseconds
	fault    func(Call) Fault
	after    func(Call)
	datasets map[string]*bq.Dataset
	tables   map[tableName]*bq.Table
	jobs     map[string]*job
	order    []*job
	uploads  map[string]*pendingUpload
}

type tableName struct{ dataset, table string }

// Start starts a server. Open opens the objects that gs:// loads name; nil if
// there are none.
func Start(open func(ctx context.Context, uri string) (io.ReadCloser, error)) (*Server, error) {
	connector, err := duckdb.NewConnector("", func(conn driver.ExecerContext) error {
		statements := append([]string{
			"SET TimeZone = 'UTC'",
			"SET default_null_order = 'nulls_first_on_asc_last_on_desc'",
			"SET autoinstall_known_extensions = false",
			"SET autoload_known_extensions = false",
		}, views.DuckDBMacros()...)
		for _, s := range statements {
			if _, err := conn.ExecContext(context.Background(), s, nil); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	s := &Server{
		open:     open,
		db:       sql.OpenDB(connector),
		fault:    func(Call) Fault { return Fault{} },
		after:    func(Call) {},
		datasets: map[string]*bq.Dataset{},
		tables:   map[tableName]*bq.Table{},
		jobs:     map[string]*job{},
		uploads:  map[string]*pendingUpload{},
	}
	s.db.SetMaxOpenConns(1)
	s.http = httptest.NewServer(s.routes())
	s.URL = s.http.URL
	return s, nil
}

// Close stops the server.
func (s *Server) Close() error {
	s.http.Close()
	return s.db.Close()
}

// Host is the address of the server, for BIGQUERY_EMULATOR_HOST.
func (s *Server) Host() string { return strings.TrimPrefix(s.URL, "http://") }

// Query answers a query for a test, in DuckDB's dialect and without any
// partition filter. Tables are named dataset.table. A value is a string as
// DuckDB writes it, or nil.
func (s *Server) Query(query string) ([][]any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows, err := s.db.Query("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (" + query + ")")
	if err != nil {
		return nil, err
	}
	return scan(rows)
}

func scan(rows *sql.Rows) ([][]any, error) {
	defer rows.Close() // read-only: nothing to lose
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var all [][]any
	for rows.Next() {
		row := make([]any, len(columns))
		cells := make([]any, len(columns))
		for i := range row {
			cells[i] = &row[i]
		}
		if err := rows.Scan(cells...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	return all, rows.Err()
}

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	for pattern, r := range map[string]struct {
		name  string
		route route
	}{
		"POST /projects/{project}/datasets":                              {"datasets.insert", s.datasetsInsert},
		"GET /projects/{project}/datasets/{dataset}":                     {"datasets.get", s.datasetsGet},
		"GET /projects/{project}/datasets/{dataset}/tables":              {"tables.list", s.tablesList},
		"POST /projects/{project}/datasets/{dataset}/tables":             {"tables.insert", s.tablesInsert},
		"GET /projects/{project}/datasets/{dataset}/tables/{table}":      {"tables.get", s.tablesGet},
		"PATCH /projects/{project}/datasets/{dataset}/tables/{table}":    {"tables.patch", s.tablesPatch},
		"DELETE /projects/{project}/datasets/{dataset}/tables/{table}":   {"tables.delete", s.tablesDelete},
		"GET /projects/{project}/datasets/{dataset}/tables/{table}/data": {"tabledata.list", s.tabledataList},
		"POST /projects/{project}/jobs":                                  {"jobs.insert", s.jobsInsert},
		"GET /projects/{project}/jobs/{job}":                             {"jobs.get", s.jobsGet},
		"POST /projects/{project}/queries":                               {"jobs.query", s.jobsQuery},
		"GET /projects/{project}/queries/{job}":                          {"jobs.getQueryResults", s.jobsGetQueryResults},
	} {
		mux.HandleFunc(pattern, s.serve(r.name, r.route))
	}
	mux.HandleFunc("POST /upload/bigquery/v2/projects/{project}/jobs", s.upload)
	// JSON calls come without this prefix if only the endpoint is configured.
	root := http.NewServeMux()
	root.Handle("/bigquery/v2/", http.StripPrefix("/bigquery/v2", mux))
	root.Handle("/", mux)
	return root
}

// A route reads a request and returns what is asked, and what answers it.
type route func(*http.Request) (Call, action, error)

// An action answers a request with a value to be written as JSON.
type action func(Fault) (any, error)

func (s *Server) serve(name string, do route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		call, act, err := do(r)
		s.answer(w, name, call, act, err)
	}
}

func (s *Server) answer(w http.ResponseWriter, name string, call Call, act action, err error) {
	call.Name = name
	code, body, lost, after := s.reply(call, act, err)
	after(call)
	if lost {
		panic(http.ErrAbortHandler) // closes the connection
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	w.Write(body)
}

// reply does what a call asks for. Err is what is wrong with the request
// itself.
func (s *Server) reply(call Call, act action, err error) (code int, body []byte, lost bool, after func(Call)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var value any
	if err == nil {
		fault := s.fault(call)
		lost = fault.LoseReply
		if fault.Status != 0 {
			err = &refusal{fault.Status, fault.Reason, "injected"}
		} else {
			value, err = act(fault)
		}
	}
	code = http.StatusOK
	if err != nil {
		var refused *refusal
		if !errors.As(err, &refused) {
			refused = &refusal{http.StatusInternalServerError, "internalError", err.Error()}
		}
		code = refused.code
		value = map[string]any{"error": map[string]any{
			"code": refused.code, "message": refused.message,
			"errors": []any{map[string]any{"reason": refused.reason, "message": refused.message}},
		}}
	}
	body, err = json.Marshal(value)
	if err != nil {
		panic(err) // a value of ours that JSON cannot write
	}
	return code, body, lost, s.after
}

// A refusal is an error reply.
type refusal struct {
	code    int
	reason  string
	message string
}

func (r *refusal) Error() string { return fmt.Sprintf("%d %s: %s", r.code, r.reason, r.message) }

func notFound(what string) error {
	return &refusal{http.StatusNotFound, "notFound", "Not found: " + what}
}

func duplicate(what string) error {
	return &refusal{http.StatusConflict, "duplicate", "Already Exists: " + what}
}

func invalid(format string, args ...any) error {
	return &refusal{http.StatusBadRequest, "invalid", fmt.Sprintf(format, args...)}
}

func decode(r io.Reader, v any) error {
	if err := json.NewDecoder(r).Decode(v); err != nil {
		return invalid("request body: %v", err)
	}
	return nil
}

// now returns the time, another one each time.
func (s *Server) now() int64 {
	s.clock++
	return s.clock
}

func (s *Server) exec(statements ...string) error {
	for _, statement := range statements {
		if _, err := s.db.Exec(statement); err != nil {
			return fmt.Errorf("%w in: %s", err, statement)
		}
	}
	return nil
}

// identifier quotes a name for DuckDB.
func identifier(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

// literal quotes a string for DuckDB.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

func (n tableName) sql() string { return identifier(n.dataset) + "." + identifier(n.table) }
