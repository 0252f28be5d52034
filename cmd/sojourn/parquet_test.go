//go:build cgo

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"strconv"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/testscript"
)

// parquetFile writes the records of JSON lines as a Parquet file of the schema
// of an export: parquet SCHEMA IN OUT.
func parquetFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: parquet schema in out")
	}
	var write func(lines []string) ([]byte, error)
	switch args[0] {
	case "ga4":
		write = rowsOf[ga4Row]
	default:
		ts.Fatalf("no schema %q: want ga4", args[0])
	}
	data, err := write(strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n"))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o666))
}

func rowsOf[T any](lines []string) ([]byte, error) {
	rows := make([]T, len(lines))
	for i, line := range lines {
		if err := json.Unmarshal([]byte(line), &rows[i]); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	err := parquet.Write(&b, rows, parquet.Compression(&parquet.Snappy))
	return b.Bytes(), err
}

// integer is a 64-bit integer, which JSON may have in quotes.
type integer int64

func (n *integer) UnmarshalJSON(text []byte) error {
	value, err := strconv.ParseInt(strings.Trim(string(text), `"`), 10, 64)
	*n = integer(value)
	return err
}

// A ga4Row is a row of a GA4 export, as far as the stories have it.
type ga4Row struct {
	Date      string   `json:"event_date" parquet:"event_date,optional"`
	Timestamp *integer `json:"event_timestamp" parquet:"event_timestamp"`
	Name      string   `json:"event_name" parquet:"event_name,optional"`
	Params    []struct {
		Key   string `json:"key" parquet:"key,optional"`
		Value *struct {
			Text   *string  `json:"string_value" parquet:"string_value"`
			Int    *integer `json:"int_value" parquet:"int_value"`
			Float  *float64 `json:"float_value" parquet:"float_value"`
			Double *float64 `json:"double_value" parquet:"double_value"`
		} `json:"value" parquet:"value"`
	} `json:"event_params" parquet:"event_params,list"`
	Bundle *integer `json:"event_bundle_sequence_id" parquet:"event_bundle_sequence_id"`
	User   string   `json:"user_id" parquet:"user_id,optional"`
	Pseudo string   `json:"user_pseudo_id" parquet:"user_pseudo_id,optional"`
	Device *struct {
		Category string `json:"category" parquet:"category,optional"`
		OS       string `json:"operating_system_version" parquet:"operating_system_version,optional"`
		Model    string `json:"mobile_model_name" parquet:"mobile_model_name,optional"`
		Language string `json:"language" parquet:"language,optional"`
	} `json:"device" parquet:"device"`
	Geo *struct {
		Country string `json:"country" parquet:"country,optional"`
	} `json:"geo" parquet:"geo"`
	App *struct {
		ID      string `json:"id" parquet:"id,optional"`
		Version string `json:"version" parquet:"version,optional"`
	} `json:"app_info" parquet:"app_info"`
	Traffic *struct {
		Name   string `json:"name" parquet:"name,optional"`
		Medium string `json:"medium" parquet:"medium,optional"`
		Source string `json:"source" parquet:"source,optional"`
	} `json:"traffic_source" parquet:"traffic_source"`
	Stream   string `json:"stream_id" parquet:"stream_id,optional"`
	Platform string `json:"platform" parquet:"platform,optional"`
}
