//go:build cgo

package bqtest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	bq "google.golang.org/api/bigquery/v2"
)

func (s *Server) datasetsInsert(r *http.Request) (Call, action, error) {
	var d bq.Dataset
	if err := decode(r.Body, &d); err != nil {
		return Call{}, nil, err
	}
	id := d.DatasetReference.DatasetId
	return Call{}, func(Fault) (any, error) {
		if s.datasets[id] != nil {
			return nil, duplicate("Dataset " + id)
		}
		if d.Location == "" {
			d.Location = "US"
		}
		d.CreationTime = s.now()
		d.LastModifiedTime = d.CreationTime
		if err := s.exec("CREATE SCHEMA " + identifier(id)); err != nil {
			return nil, err
		}
		s.datasets[id] = &d
		return d, nil
	}, nil
}

func (s *Server) datasetsGet(r *http.Request) (Call, action, error) {
	id := r.PathValue("dataset")
	return Call{}, func(Fault) (any, error) {
		d := s.datasets[id]
		if d == nil {
			return nil, notFound("Dataset " + id)
		}
		return d, nil
	}, nil
}

func (s *Server) tablesList(r *http.Request) (Call, action, error) {
	dataset := r.PathValue("dataset")
	return Call{}, func(Fault) (any, error) {
		if s.datasets[dataset] == nil {
			return nil, notFound("Dataset " + dataset)
		}
		var list bq.TableList
		for _, name := range slices.SortedFunc(maps.Keys(s.tables), func(a, b tableName) int {
			return strings.Compare(a.table, b.table)
		}) {
			if name.dataset == dataset {
				t := s.tables[name]
				list.Tables = append(list.Tables, &bq.TableListTables{TableReference: t.TableReference, Type: t.Type})
			}
		}
		list.TotalItems = int64(len(list.Tables))
		return list, nil
	}, nil
}

func (s *Server) tablesInsert(r *http.Request) (Call, action, error) {
	var t bq.Table
	if err := decode(r.Body, &t); err != nil {
		return Call{}, nil, err
	}
	name := tableName{r.PathValue("dataset"), t.TableReference.TableId}
	return Call{Table: name.table}, func(Fault) (any, error) {
		switch {
		case s.datasets[name.dataset] == nil:
			return nil, notFound("Dataset " + name.dataset)
		case s.tables[name] != nil:
			return nil, duplicate("Table " + name.dataset + "." + name.table)
		}
		if err := s.createTable(name, &t); err != nil {
			return nil, err
		}
		return &t, nil
	}, nil
}

func (s *Server) createTable(name tableName, t *bq.Table) error {
	t.CreationTime = s.now()
	t.LastModifiedTime = uint64(t.CreationTime)
	if t.View != nil {
		t.Type = "VIEW"
		if err := s.createView(name, t); err != nil {
			return err
		}
		s.tables[name] = t
		return nil
	}
	t.Type = "TABLE"
	if t.Clustering != nil && len(t.Clustering.Fields) > 4 {
		return invalid("too many clustering columns")
	}
	var columns []string
	for _, f := range t.Schema.Fields {
		definition, err := columnOf(f)
		if err != nil {
			return err
		}
		columns = append(columns, definition)
	}
	if err := s.exec("CREATE TABLE " + name.sql() + " (" + strings.Join(columns, ", ") + ")"); err != nil {
		return invalid("%v", err)
	}
	s.tables[name] = t
	return nil
}

func columnOf(f *bq.TableFieldSchema) (string, error) {
	dataType, ok := map[string]string{
		"DATE": "DATE", "TIMESTAMP": "TIMESTAMPTZ", "STRING": "VARCHAR",
		"INTEGER": "BIGINT", "INT64": "BIGINT", "FLOAT": "DOUBLE", "FLOAT64": "DOUBLE",
		"BOOLEAN": "BOOLEAN", "BOOL": "BOOLEAN",
	}[f.Type]
	if !ok {
		return "", invalid("Field %s: type %s is not supported here", f.Name, f.Type)
	}
	definition := identifier(f.Name) + " " + dataType
	if f.Mode == "REQUIRED" {
		definition += " NOT NULL"
	}
	return definition, nil
}

func (s *Server) createView(name tableName, t *bq.Table) error {
	if t.View.UseLegacySql {
		return invalid("view %s is in legacy SQL", name.table)
	}
	if err := s.checkPartitionFilters(t.View.Query); err != nil {
		return err
	}
	if err := s.exec("CREATE OR REPLACE VIEW " + name.sql() + " AS " + translate(t.View.Query)); err != nil {
		return &refusal{http.StatusBadRequest, "invalidQuery", err.Error()}
	}
	return nil
}

var (
	datasetPrefix = regexp.MustCompile("`[^`]+`\\.`([^`]+)`\\.")
	qualifiedName = regexp.MustCompile("`[^`.]+\\.([^`.]+)\\.([^`]+)`")
	quotedName    = regexp.MustCompile("`([^`]+)`")
)

// translate turns BigQuery's way to name tables into DuckDB's; everything else
// in our queries is said the same way in both.
func translate(query string) string {
	query = datasetPrefix.ReplaceAllString(query, `"$1".`)
	query = qualifiedName.ReplaceAllString(query, `"$1"."$2"`)
	return quotedName.ReplaceAllString(query, `"$1"`)
}

// checkPartitionFilters refuses a query that reads a table which requires a
// partition filter, and nowhere names its partition column.
func (s *Server) checkPartitionFilters(query string) error {
	query = strings.ReplaceAll(translate(query), `"`, "")
	for name, t := range s.tables {
		if !t.RequirePartitionFilter || !regexp.MustCompile(`\b`+regexp.QuoteMeta(name.dataset+"."+name.table)+`\b`).MatchString(query) {
			continue
		}
		column := t.TimePartitioning.Field
		if !regexp.MustCompile(`(?s)\bWHERE\b.*\b` + regexp.QuoteMeta(column) + `\b`).MatchString(query) {
			return &refusal{http.StatusBadRequest, "invalidQuery", fmt.Sprintf(
				"Cannot query over table '%s.%s' without a filter over column(s) '%s' that can be used for partition elimination",
				name.dataset, name.table, column)}
		}
	}
	return nil
}

func (s *Server) tablesGet(r *http.Request) (Call, action, error) {
	name := tableName{r.PathValue("dataset"), r.PathValue("table")}
	return Call{Table: name.table}, func(Fault) (any, error) {
		t := s.tables[name]
		if t == nil {
			return nil, notFound("Table " + name.dataset + "." + name.table)
		}
		t.Etag = etag(t)
		return t, nil
	}, nil
}

func etag(t *bq.Table) string { return strconv.FormatUint(t.LastModifiedTime, 10) }

func (s *Server) tablesPatch(r *http.Request) (Call, action, error) {
	name := tableName{r.PathValue("dataset"), r.PathValue("table")}
	var patch map[string]json.RawMessage
	if err := decode(r.Body, &patch); err != nil {
		return Call{}, nil, err
	}
	return Call{Table: name.table}, func(Fault) (any, error) {
		before := s.tables[name]
		if before == nil {
			return nil, notFound("Table " + name.dataset + "." + name.table)
		}
		if match := r.Header.Get("If-Match"); match != "" && match != etag(before) {
			return nil, &refusal{http.StatusPreconditionFailed, "conditionNotMet", "the table was changed since"}
		}
		after := *before
		merged, err := json.Marshal(patch)
		if err != nil {
			return nil, err
		}
		if _, ok := patch["schema"]; ok {
			after.Schema = nil
		}
		if err := json.Unmarshal(merged, &after); err != nil {
			return nil, invalid("%v", err)
		}
		if after.View != nil {
			if err := s.createView(name, &after); err != nil {
				return nil, err
			}
		} else if err := s.alterTable(name, before.Schema, after.Schema); err != nil {
			return nil, err
		}
		after.LastModifiedTime = uint64(s.now())
		s.tables[name] = &after
		return &after, nil
	}, nil
}

// alterTable changes the columns of a table as far as BigQuery allows: columns
// may be added if they may be null, and a required one may become nullable.
func (s *Server) alterTable(name tableName, before, after *bq.TableSchema) error {
	has := map[string]*bq.TableFieldSchema{}
	for _, f := range after.Fields {
		has[f.Name] = f
	}
	known := map[string]bool{}
	for _, f := range before.Fields {
		known[f.Name] = true
		now := has[f.Name]
		switch {
		case now == nil || now.Type != f.Type || f.Mode != "REQUIRED" && now.Mode == "REQUIRED":
			return invalid("Provided Schema does not match Table %s.%s: field %s is missing or has changed", name.dataset, name.table, f.Name)
		case f.Mode == "REQUIRED" && now.Mode != "REQUIRED":
			if err := s.exec("ALTER TABLE " + name.sql() + " ALTER COLUMN " + identifier(f.Name) + " DROP NOT NULL"); err != nil {
				return err
			}
		}
	}
	for _, f := range after.Fields {
		if known[f.Name] {
			continue
		}
		if f.Mode == "REQUIRED" {
			return invalid("Provided Schema does not match Table %s.%s: cannot add required field %s", name.dataset, name.table, f.Name)
		}
		definition, err := columnOf(f)
		if err != nil {
			return err
		}
		if err := s.exec("ALTER TABLE " + name.sql() + " ADD COLUMN " + definition); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) tablesDelete(r *http.Request) (Call, action, error) {
	name := tableName{r.PathValue("dataset"), r.PathValue("table")}
	return Call{Table: name.table}, func(Fault) (any, error) {
		t := s.tables[name]
		if t == nil {
			return nil, notFound("Table " + name.dataset + "." + name.table)
		}
		delete(s.tables, name)
		return map[string]any{}, s.exec("DROP " + t.Type + " " + name.sql())
	}, nil
}

// tabledataList returns the rows of a table, a page at a time.
func (s *Server) tabledataList(r *http.Request) (Call, action, error) {
	const page = 1000
	name := tableName{r.PathValue("dataset"), r.PathValue("table")}
	token := r.FormValue("pageToken")
	return Call{Table: name.table}, func(Fault) (any, error) {
		t := s.tables[name]
		if t == nil || t.View != nil {
			return nil, notFound("Table " + name.dataset + "." + name.table)
		}
		start := 0
		if token != "" {
			var err error
			if start, err = strconv.Atoi(token); err != nil {
				return nil, invalid("page token %q", token)
			}
		}
		rows, err := s.rows(fmt.Sprintf("SELECT * FROM %s ORDER BY rowid LIMIT %d OFFSET %d", name.sql(), page, start))
		if err != nil {
			return nil, err
		}
		list := &bq.TableDataList{Rows: rows.cells}
		if err := s.db.QueryRow("SELECT count(*) FROM " + name.sql()).Scan(&list.TotalRows); err != nil {
			return nil, err
		}
		if start+len(rows.cells) < int(list.TotalRows) {
			list.PageToken = strconv.Itoa(start + len(rows.cells))
		}
		return list, nil
	}, nil
}
