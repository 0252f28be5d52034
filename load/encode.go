package load

import (
	"bytes"
	"fmt"
	"io"

	"sojourn/internal/calendar"
	"sojourn/internal/parquetfile"
	"sojourn/sql"
	"sojourn/transform"
)

// Encode returns the files of a day, one for each of the named daily tables,
// all of them if none is named, in the order of [Tables]. A table without rows
// has a file without rows.
func Encode(t *transform.Tables, names ...string) ([]File, error) {
	data := map[string]*bytes.Buffer{}
	w, err := NewWriter(t.Day, func(table string) io.Writer {
		data[table] = new(bytes.Buffer)
		return data[table]
	}, names...)
	if err != nil {
		return nil, err
	}
	if err := w.Write(t); err != nil {
		return nil, err
	}
	files, err := w.Close()
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i].Data = data[files[i].Table].Bytes()
	}
	return files, nil
}

// EncodeReference returns the files of the reference tables, which have no days.
func EncodeReference(figures []sql.Benchmark, setting sql.Setting, defined []sql.SessionDefinition) ([]File, error) {
	benchmarkFile, err := encode(benchmarks(), 0, figures)
	if err != nil {
		return nil, fmt.Errorf("table benchmarks: %w", err)
	}
	settingFile, err := encode(settings(), 0, []sql.Setting{setting})
	if err != nil {
		return nil, fmt.Errorf("table settings: %w", err)
	}
	definitionFile, err := encode(definitions(), 0, defined)
	if err != nil {
		return nil, fmt.Errorf("table definitions: %w", err)
	}
	return []File{benchmarkFile, settingFile, definitionFile}, nil
}

// encode returns the file of rows of a table.
func encode[R any](t Table, day calendar.Day, rows []R) (File, error) {
	var data bytes.Buffer
	w, err := newTableWriter[R](t, day, &data)
	if err == nil {
		err = w.write(rows)
	}
	if err != nil {
		return File{}, err
	}
	f, err := w.close()
	f.Data = data.Bytes()
	return f, err
}

// ReadSessions returns the rows of a file of sessions, in their order.
func ReadSessions(data []byte) ([]transform.Session, error) {
	return parquetfile.Decode[transform.Session](data)
}

// ReadSessionDays returns the rows of a file of session_days, in their order.
func ReadSessionDays(data []byte) ([]transform.SessionDay, error) {
	return parquetfile.Decode[transform.SessionDay](data)
}

// ReadSteps returns the rows of a file of session_steps, in their order.
func ReadSteps(data []byte) ([]transform.Step, error) {
	return parquetfile.Decode[transform.Step](data)
}

// ReadUserEvents returns the rows of a file of user_events, in their order.
func ReadUserEvents(data []byte) ([]transform.UserEvent, error) {
	return parquetfile.Decode[transform.UserEvent](data)
}

// ReadUserFeatures returns the rows of a file of user_features, in their order.
func ReadUserFeatures(data []byte) ([]transform.UserFeature, error) {
	return parquetfile.Decode[transform.UserFeature](data)
}

// ReadUserFunnels returns the rows of a file of user_funnels, in their order.
func ReadUserFunnels(data []byte) ([]transform.UserFunnel, error) {
	return parquetfile.Decode[transform.UserFunnel](data)
}

// ReadUserRetention returns the rows of a file of user_retention, in their order.
func ReadUserRetention(data []byte) ([]transform.UserRetention, error) {
	return parquetfile.Decode[transform.UserRetention](data)
}

// EncodeSessions and EncodeSessionDays write files of rows that are no table
// of the warehouse: those of definitions that are only compared.
func EncodeSessions(rows []transform.Session) ([]byte, error) { return parquetfile.Encode(rows) }

// EncodeSessionDays is EncodeSessions for parts of days.
func EncodeSessionDays(rows []transform.SessionDay) ([]byte, error) { return parquetfile.Encode(rows) }

// ReadUsers returns the rows of a file of users, in their order.
func ReadUsers(data []byte) ([]transform.User, error) {
	return parquetfile.Decode[transform.User](data)
}
