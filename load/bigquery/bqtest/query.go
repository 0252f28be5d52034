//go:build cgo

package bqtest

import (
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

// An answer is what a query returns.
type answer struct {
	schema *bq.TableSchema
	cells  []*bq.TableRow
}

func (s *Server) query(query string) (*answer, error) {
	if strings.Contains(query, "BEGIN TRANSACTION;") {
		return &answer{schema: &bq.TableSchema{}}, s.transact(query)
	}
	if err := s.checkPartitionFilters(query); err != nil {
		return nil, err
	}
	rows, err := s.rows(translate(query))
	if err != nil {
		return nil, &refusal{http.StatusBadRequest, "invalidQuery", err.Error()}
	}
	return rows, nil
}

// transact runs a transaction: all of its statements or none.
func (s *Server) transact(script string) error {
	statements := strings.Split(strings.TrimSuffix(script, ";\n"), ";\n")
	for _, statement := range statements {
		if err := s.checkPartitionFilters(statement); err != nil {
			return err
		}
	}
	for _, statement := range statements {
		if _, err := s.db.Exec(translate(statement)); err != nil {
			what, _, _ := strings.Cut(err.Error(), "\n") // then DuckDB quotes the statement
			return errors.Join(&refusal{http.StatusBadRequest, "invalidQuery", what}, s.exec("ROLLBACK"))
		}
	}
	return nil
}

// rows runs a query in DuckDB's dialect and writes its values as BigQuery does.
func (s *Server) rows(query string) (*answer, error) {
	described, err := s.db.Query("SELECT column_name, column_type FROM (DESCRIBE " + query + ")")
	if err != nil {
		return nil, err
	}
	columns, err := scan(described)
	if err != nil {
		return nil, err
	}
	a := &answer{schema: &bq.TableSchema{}}
	var values []string
	for _, c := range columns {
		name, dataType := identifier(c[0].(string)), c[1].(string)
		field := &bq.TableFieldSchema{Name: c[0].(string), Mode: "NULLABLE", Type: "STRING"}
		value := "CAST(" + name + " AS VARCHAR)"
		switch {
		case dataType == "DATE":
			field.Type = "DATE"
		case strings.HasPrefix(dataType, "TIMESTAMP"):
			field.Type = "TIMESTAMP"
			value = "CAST(epoch_us(" + name + ") AS VARCHAR)"
		case strings.HasSuffix(dataType, "INT") || strings.HasSuffix(dataType, "INTEGER"):
			field.Type = "INTEGER"
		case dataType == "DOUBLE" || dataType == "FLOAT" || strings.HasPrefix(dataType, "DECIMAL"):
			field.Type = "FLOAT"
		case dataType == "BOOLEAN":
			field.Type = "BOOLEAN"
		}
		a.schema.Fields = append(a.schema.Fields, field)
		values = append(values, value)
	}
	rows, err := s.db.Query("SELECT " + strings.Join(values, ", ") + " FROM (" + query + ")")
	if err != nil {
		return nil, err
	}
	return a, a.read(rows)
}

func (a *answer) read(rows *sql.Rows) error {
	values, err := scan(rows)
	if err != nil {
		return err
	}
	for _, row := range values {
		cells := make([]*bq.TableCell, len(row))
		for i := range row {
			cells[i] = &bq.TableCell{V: row[i]}
		}
		a.cells = append(a.cells, &bq.TableRow{F: cells})
	}
	return nil
}

// jobsQuery answers a query at once.
func (s *Server) jobsQuery(r *http.Request) (Call, action, error) {
	var request bq.QueryRequest
	if err := decode(r.Body, &request); err != nil {
		return Call{}, nil, err
	}
	project := r.PathValue("project")
	return Call{}, func(Fault) (any, error) {
		rows, err := s.query(request.Query)
		if err != nil {
			return nil, err
		}
		return &bq.QueryResponse{
			JobComplete:  true,
			JobReference: &bq.JobReference{ProjectId: project, JobId: fmt.Sprintf("query_%d", s.now())},
			Schema:       rows.schema,
			Rows:         rows.cells,
			TotalRows:    uint64(len(rows.cells)),
		}, nil
	}, nil
}

// jobsGetQueryResults answers with the result of a query job.
func (s *Server) jobsGetQueryResults(r *http.Request) (Call, action, error) {
	id := r.PathValue("job")
	schemaOnly := r.FormValue("maxResults") == "0"
	return Call{JobID: id}, func(Fault) (any, error) {
		j := s.jobs[id]
		if j == nil {
			return nil, notFound("Job " + id)
		}
		s.progress(j)
		reply := &bq.GetQueryResultsResponse{JobComplete: j.Status.State == "DONE", JobReference: j.JobReference}
		if !reply.JobComplete {
			return reply, nil
		}
		if e := j.Status.ErrorResult; e != nil {
			return nil, &refusal{http.StatusBadRequest, e.Reason, e.Message}
		}
		reply.Schema = j.rows.schema
		reply.TotalRows = uint64(len(j.rows.cells))
		if !schemaOnly {
			reply.Rows = j.rows.cells
		}
		return reply, nil
	}, nil
}
