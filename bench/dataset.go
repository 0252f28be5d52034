package main

import "bytes"

// A dataSet is what both sides read: objects of one shape, which prepare makes.
type dataSet struct {
	name    string
	format  string // of the source, for sojourn
	records string // the script that opens the records, for DuckDB
	objects string // pattern of the objects, for DuckDB
}

var dataSets = []dataSet{
	{name: "mixed", format: "ndjson", records: "from_json.sql", objects: "**/*.json*"},
	{name: "ndjson-gz", format: "ndjson", records: "from_json.sql", objects: "**/*.json.gz"},
	{name: "ndjson-zstd", format: "ndjson", records: "from_json.sql", objects: "**/*.json.zst"},
	{name: "parquet", format: "parquet", records: "from_parquet_objects.sql", objects: "**/*.parquet"},
	{name: "ga4", format: "ga4", records: "from_ga4.sql", objects: "**/*.json.gz"},
}

// configuration is the project that reads the data set.
func (d dataSet) configuration() []byte {
	return bytes.ReplaceAll(config, []byte("FORMAT"), []byte(d.format))
}
