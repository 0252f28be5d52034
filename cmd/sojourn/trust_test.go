//go:build cgo

package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// flipBit changes one bit in the middle of a file: flip FILE.
func flipBit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: flip file")
	}
	path := ts.MkAbs(args[0])
	data, err := os.ReadFile(path)
	ts.Check(err)
	data[len(data)/2] ^= 1
	ts.Check(os.WriteFile(path, data, 0o666))
}

// lastLine sets a variable to the last line of a file: lastline NAME FILE.
func lastLine(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lastline name file")
	}
	lines := strings.Fields(ts.ReadFile(args[1]))
	ts.Setenv(args[0], lines[len(lines)-1])
}

// madeBy lets a lake say that another version of the transform made its days,
// one that did not seal its manifests yet: madeby VERSION LAKE.
func madeBy(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: madeby version lake")
	}
	manifests, err := filepath.Glob(filepath.Join(ts.MkAbs(args[1]), "runs/days/*.json"))
	ts.Check(err)
	if len(manifests) == 0 {
		ts.Fatalf("no days in %s", args[1])
	}
	for _, path := range manifests {
		data, err := os.ReadFile(path)
		ts.Check(err)
		var m map[string]any
		ts.Check(json.Unmarshal(data, &m))
		delete(m, "seal")
		delete(m, "fingerprint")
		m["code"] = args[0]
		data, err = json.Marshal(m)
		ts.Check(err)
		ts.Check(os.WriteFile(path, data, 0o666))
	}
}

// harmWarehouse changes a DuckDB file by a statement: harm FILE STATEMENT.
func harmWarehouse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: harm file statement")
	}
	db, err := sql.Open("duckdb", ts.MkAbs(args[0]))
	ts.Check(err)
	_, err = db.Exec(args[1])
	ts.Check(errors.Join(err, db.Close()))
}

// eventOfYesterday writes an event of yesterday noon, UTC: yesterday FILE.
func eventOfYesterday(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: yesterday file")
	}
	noon := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) + "T12:00:00Z"
	line := fmt.Sprintf(`{"event_id":"y","user_id":"ann","event_name":"tap","timestamp":%q}`+"\n", noon)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(line), 0o666))
}
