//go:build cgo

package bqtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	bq "google.golang.org/api/bigquery/v2"
)

// load performs a load job: all of it or nothing.
func (s *Server) load(c *bq.JobConfigurationLoad, media []byte) (rows int64, err error) {
	name, day, err := partition(c.DestinationTable)
	if err != nil {
		return 0, err
	}
	switch {
	case c.SourceFormat != "PARQUET":
		return 0, invalid("source format %s is not spoken here", c.SourceFormat)
	case c.Schema == nil:
		return 0, invalid("a load without a schema takes it from the file: not spoken here")
	case s.datasets[name.dataset] == nil:
		return 0, notFound("Dataset " + name.dataset)
	case s.tables[name] == nil && c.CreateDisposition == "CREATE_NEVER":
		return 0, notFound("Table " + name.dataset + "." + name.table)
	}
	if s.tables[name] == nil {
		if err := s.createTable(name, &bq.Table{
			TableReference:   &bq.TableReference{ProjectId: c.DestinationTable.ProjectId, DatasetId: name.dataset, TableId: name.table},
			Schema:           c.Schema,
			TimePartitioning: c.TimePartitioning,
			Clustering:       c.Clustering,
		}); err != nil {
			return 0, err
		}
	}
	dir, err := os.MkdirTemp("", "bqtest-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	files, err := s.fetch(dir, c.SourceUris, media)
	if err != nil {
		return 0, err
	}
	for _, file := range files {
		if err := s.checkFile(file, c.Schema); err != nil {
			return 0, err
		}
	}
	if err := checkSchema(c.Schema, s.tables[name], name); err != nil {
		return 0, err
	}
	return s.insert(c, name, day, files)
}

// partition splits table$YYYYMMDD. The day is empty without a decorator.
func partition(t *bq.TableReference) (name tableName, day string, err error) {
	id, decorator, decorated := strings.Cut(t.TableId, "$")
	name = tableName{t.DatasetId, id}
	if !decorated {
		return name, "", nil
	}
	date, err := time.Parse("20060102", decorator)
	if err != nil {
		return name, "", invalid("Invalid partition decorator $%s", decorator)
	}
	return name, date.Format(time.DateOnly), nil
}

// fetch writes what is to be loaded to files in dir.
func (s *Server) fetch(dir string, uris []string, media []byte) ([]string, error) {
	if len(uris) == 0 {
		file := filepath.Join(dir, "upload.parquet")
		return []string{file}, os.WriteFile(file, media, 0o666)
	}
	var files []string
	for i, uri := range uris {
		if s.open == nil {
			return nil, notFound("URI " + uri)
		}
		r, err := s.open(context.Background(), uri)
		if err != nil {
			return nil, notFound(fmt.Sprintf("URI %s: %v", uri, err))
		}
		data, err := io.ReadAll(r)
		if err == nil {
			err = r.Close()
		}
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, fmt.Sprintf("%d.parquet", i))
		if err := os.WriteFile(file, data, 0o666); err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// checkFile refuses a file whose columns are not those of the schema.
func (s *Server) checkFile(file string, schema *bq.TableSchema) error {
	rows, err := s.db.Query("SELECT name, type, repetition_type, coalesce(logical_type, '') FROM parquet_schema(" + literal(file) + ") WHERE type IS NOT NULL")
	if err != nil {
		return invalid("Error while reading data: not a Parquet file: %v", err)
	}
	columns, err := scan(rows)
	if err != nil {
		return invalid("Error while reading data: %v", err)
	}
	want := map[string]*bq.TableFieldSchema{}
	for _, f := range schema.Fields {
		want[f.Name] = f
	}
	for _, c := range columns {
		column, physical, repetition, logical := c[0].(string), c[1].(string), c[2].(string), c[3].(string)
		f := want[column]
		if f == nil {
			return invalid("Error while reading data: column %s of the file is not in the schema", column)
		}
		delete(want, column)
		if is := typeOf(physical, logical); is != f.Type {
			return invalid("Parquet column '%s' has type %s which does not match the target cpp_type %s", column, is, f.Type)
		}
		if repetition == "OPTIONAL" && f.Mode == "REQUIRED" {
			return invalid("Error while reading data: column %s may be null in the file and is required in the schema", column)
		}
	}
	for _, f := range schema.Fields {
		if want[f.Name] != nil {
			return invalid("Error while reading data: column %s of the schema is not in the file", f.Name)
		}
	}
	return nil
}

// typeOf returns BigQuery's type for a Parquet column.
func typeOf(physical, logical string) string {
	switch {
	case physical == "INT32" && strings.HasPrefix(logical, "Date"):
		return "DATE"
	case physical == "INT64" && strings.Contains(logical, "isAdjustedToUTC=1") && strings.Contains(logical, "MICROS=MicroSeconds"):
		return "TIMESTAMP"
	case physical == "INT64" && (logical == "" || strings.HasPrefix(logical, "IntType")):
		return "INTEGER"
	case physical == "BYTE_ARRAY" && strings.HasPrefix(logical, "String"):
		return "STRING"
	case physical == "DOUBLE":
		return "FLOAT"
	case physical == "BOOLEAN":
		return "BOOLEAN"
	}
	return physical + " " + logical
}

// checkSchema refuses a schema that would change the table.
func checkSchema(schema *bq.TableSchema, t *bq.Table, name tableName) error {
	given := map[string]*bq.TableFieldSchema{}
	for _, f := range schema.Fields {
		given[f.Name] = f
	}
	for _, f := range t.Schema.Fields {
		g := given[f.Name]
		delete(given, f.Name)
		switch {
		case g == nil && f.Mode == "REQUIRED":
			return invalid("Provided Schema does not match Table %s.%s. Field %s is missing", name.dataset, name.table, f.Name)
		case g != nil && (g.Type != f.Type || (g.Mode == "REQUIRED") != (f.Mode == "REQUIRED")):
			return invalid("Provided Schema does not match Table %s.%s. Field %s has changed type or mode", name.dataset, name.table, f.Name)
		}
	}
	for _, f := range schema.Fields {
		if given[f.Name] != nil {
			return invalid("Provided Schema does not match Table %s.%s. Cannot add fields (field: %s)", name.dataset, name.table, f.Name)
		}
	}
	return nil
}

func (s *Server) insert(c *bq.JobConfigurationLoad, name tableName, day string, files []string) (rows int64, err error) {
	t := s.tables[name]
	if day != "" && t.TimePartitioning == nil {
		return 0, invalid("Table %s.%s is not partitioned", name.dataset, name.table)
	}
	var quoted []string
	for _, file := range files {
		quoted = append(quoted, literal(file))
	}
	source := "read_parquet([" + strings.Join(quoted, ", ") + "])"
	if day != "" {
		var strangers int
		if err := s.db.QueryRow("SELECT count(*) FROM " + source + " WHERE " + identifier(t.TimePartitioning.Field) +
			" IS DISTINCT FROM DATE " + literal(day)).Scan(&strangers); err != nil {
			return 0, err
		}
		if strangers > 0 {
			return 0, invalid("Some rows belong to different partitions rather than destination partition %s$%s", name.table, strings.ReplaceAll(day, "-", ""))
		}
	}
	tx, err := s.db.Begin()
	if err != nil {
		return 0, err
	}
	defer tx.Rollback() // no effect once committed
	switch c.WriteDisposition {
	case "WRITE_TRUNCATE":
		where := ""
		if day != "" {
			where = " WHERE " + identifier(t.TimePartitioning.Field) + " = DATE " + literal(day)
		}
		if _, err := tx.Exec("DELETE FROM " + name.sql() + where); err != nil {
			return 0, err
		}
	case "WRITE_APPEND":
	default:
		return 0, invalid("write disposition %s is not spoken here", c.WriteDisposition)
	}
	result, err := tx.Exec("INSERT INTO " + name.sql() + " BY NAME SELECT * FROM " + source)
	if err != nil {
		return 0, invalid("Error while reading data: %v", err)
	}
	if rows, err = result.RowsAffected(); err != nil {
		return 0, err
	}
	if err := tx.Commit(); err != nil {
		return 0, err
	}
	t.LastModifiedTime = uint64(s.now())
	if day == "" && c.WriteDisposition == "WRITE_TRUNCATE" {
		t.Schema = c.Schema
	}
	return rows, nil
}

// copy performs a copy job of one table or partition to another.
func (s *Server) copy(c *bq.JobConfigurationTableCopy) error {
	if c.SourceTable == nil || c.WriteDisposition != "WRITE_TRUNCATE" {
		return invalid("only copies of one table that truncate are spoken here")
	}
	from, fromDay, err := partition(c.SourceTable)
	if err != nil {
		return err
	}
	to, toDay, err := partition(c.DestinationTable)
	if err != nil {
		return err
	}
	source, target := s.tables[from], s.tables[to]
	switch {
	case source == nil:
		return notFound("Table " + from.dataset + "." + from.table)
	case target == nil:
		return notFound("Table " + to.dataset + "." + to.table)
	case fromDay != toDay && toDay != "" && fromDay != "":
		return invalid("a copy of %s into %s", c.SourceTable.TableId, c.DestinationTable.TableId)
	}
	where := func(t *bq.Table, day string) string {
		if day == "" {
			return ""
		}
		return " WHERE " + identifier(t.TimePartitioning.Field) + " = DATE " + literal(day)
	}
	return s.exec(
		"BEGIN",
		"DELETE FROM "+to.sql()+where(target, toDay),
		"INSERT INTO "+to.sql()+" BY NAME SELECT * FROM "+from.sql()+where(source, fromDay),
		"COMMIT",
	)
}
