package load_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"

	"sojourn/internal/calendar"
	"sojourn/load"
	"sojourn/sql"
	"sojourn/transform"
)

var update = flag.Bool("update", false, "rewrite generated files")

func TestTablesAreWellFormed(t *testing.T) {
	for _, table := range load.Tables() {
		t.Run(table.Name, func(t *testing.T) {
			column := map[string]load.Column{}
			for _, c := range table.Columns {
				if _, twice := column[c.Name]; twice {
					t.Errorf("column %s twice", c.Name)
				}
				column[c.Name] = c
			}
			if table.Partition != "" && (column[table.Partition].Type != load.Date || column[table.Partition].Nullable) {
				t.Errorf("partition column %s is not a DATE that is never null", table.Partition)
			}
			if table.Partition != "" && table.Key[0] != table.Partition {
				t.Errorf("key %v does not begin with the partition column", table.Key)
			}
			for _, name := range slices.Concat(table.Key, table.Cluster) {
				if column[name].Name == "" {
					t.Errorf("key or cluster column %s is not a column", name)
				}
			}
			if len(table.Cluster) > 4 {
				t.Errorf("clustered by %d columns: BigQuery allows four", len(table.Cluster))
			}
			if table.Doc == "" {
				t.Error("no doc")
			}
		})
	}
}

func TestFilesHaveTheColumnsOfTheirTable(t *testing.T) {
	files, err := load.Encode(&transform.Tables{Day: calendar.Date(2026, 10, 1)})
	if err != nil {
		t.Fatal(err)
	}
	reference, err := load.EncodeReference(nil, sql.Setting{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]load.Table{}
	for _, table := range load.Tables() {
		tables[table.Name] = table
	}
	for _, f := range append(files, reference...) {
		file, err := parquet.OpenFile(bytes.NewReader(f.Data), int64(len(f.Data)))
		if err != nil {
			t.Fatal(err)
		}
		var got []load.Column
		for _, field := range file.Schema().Fields() {
			got = append(got, load.Column{Name: field.Name(), Type: typeOf(field), Nullable: field.Optional()})
		}
		want := slices.Clone(tables[f.Table].Columns)
		for i := range want {
			want[i].Doc = ""
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-table +file):\n%s", f.Table, diff)
		}
	}
}

func typeOf(field parquet.Field) load.Type {
	switch name := field.Type().String(); {
	case name == "DATE":
		return load.Date
	case name == "TIMESTAMP(isAdjustedToUTC=true,unit=MICROS)":
		return load.Timestamp
	case name == "STRING":
		return load.String
	case name == "INT(64,true)" || name == "INT64":
		return load.Int64
	case name == "DOUBLE":
		return load.Float64
	case name == "BOOLEAN":
		return load.Bool
	default:
		return load.Type(name)
	}
}

func TestEncodeKeepsEveryRowOfADay(t *testing.T) {
	day := calendar.Date(2026, 10, 1)
	seconds := 12.5
	tables := &transform.Tables{
		Day: day,
		Sessions: []transform.Session{
			{Date: day, SessionID: "s1", UserID: "ann", StartedAt: 1, EndedAt: 2, ForegroundSeconds: &seconds},
			{Date: day, SessionID: "s2", UserID: "bob", Country: "PT"},
		},
		Users:       []transform.User{{Date: day, UserID: "ann", ActiveDays: 1, FirstSeen: day - 1, LastSeen: day}},
		DailyLedger: []transform.DailyLedger{{Date: day, Events: 3}},
	}
	files, err := load.Encode(tables)
	if err != nil {
		t.Fatal(err)
	}
	again, err := load.Encode(tables)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(files, again); diff != "" {
		t.Errorf("encoded twice:\n%s", diff)
	}

	rows := map[string]int64{}
	for _, f := range files {
		rows[f.Table] = f.Rows
		if f.Day != day {
			t.Errorf("%s is of %s", f.Table, f.Day)
		}
	}
	want := map[string]int64{
		"sessions": 2, "users": 1, "daily_sessions": 0, "daily_frequency": 0,
		"daily_length": 0, "daily_length_histogram": 0, "daily_interval": 0, "daily_hours": 0, "daily_stability": 0,
		"daily_retention": 0, "daily_segments": 0, "daily_ledger": 1, "session_days": 0, "session_steps": 0, "user_events": 0, "definition_differences": 0,
		"daily_screens": 0, "daily_transitions": 0, "daily_depth": 0, "daily_features": 0, "daily_funnels": 0, "user_features": 0, "user_funnels": 0,
		"user_retention": 0, "cohort_retention": 0, "daily_lifecycle": 0,
		"daily_installs": 0, "daily_first_sessions": 0, "daily_onboarding": 0, "daily_onboarding_retention": 0, "daily_push": 0, "daily_incentives": 0,
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}

	sessions, err := load.ReadSessions(files[0].Data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tables.Sessions, sessions); diff != "" {
		t.Errorf("sessions (-written +read):\n%s", diff)
	}
	users, err := load.ReadUsers(files[1].Data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(tables.Users, users); diff != "" {
		t.Errorf("users (-written +read):\n%s", diff)
	}
}

func TestSchemaIsAsReviewed(t *testing.T) {
	var schema bytes.Buffer
	for _, table := range append(load.Tables(), load.PublishedPartitions()) {
		fmt.Fprintf(&schema, "%s\n", table.Name)
		if table.Partition != "" {
			fmt.Fprintf(&schema, "  partition %s\n", table.Partition)
		}
		fmt.Fprintf(&schema, "  key       %s\n", strings.Join(table.Key, ", "))
		if len(table.Cluster) > 0 {
			fmt.Fprintf(&schema, "  cluster   %s\n", strings.Join(table.Cluster, ", "))
		}
		for _, c := range table.Columns {
			null := " not null"
			if c.Nullable {
				null = ""
			}
			fmt.Fprintf(&schema, "  %-32s %s%s\n", c.Name, c.Type, null)
		}
		fmt.Fprintln(&schema)
	}
	golden(t, "../testdata/schema.golden", schema.Bytes())
}

func TestReferenceIsUpToDate(t *testing.T) {
	var page bytes.Buffer
	if err := load.WriteReference(&page); err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/tables.md", page.Bytes())
}

func TestDiagramIsUpToDate(t *testing.T) {
	var page bytes.Buffer
	if err := load.WriteDiagram(&page); err != nil {
		t.Fatal(err)
	}
	golden(t, "../docs/erd.md", page.Bytes())
}

// golden compares got with a file of the repository, which -update rewrites.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is out of date: run go test ./load -update and review the diff (-file +now):\n%s", file, diff)
	}
}
