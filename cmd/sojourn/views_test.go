package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/load"
	"sojourn/sql"
)

// docs/views.md tells the columns of the views as they are in a warehouse.
func TestViewsReferenceIsUpToDate(t *testing.T) {
	p := newTrial(t, "app: trailnotes\nsources: [{name: app, url: ./raw, format: ndjson, fields: {event_name: n, timestamp: t, device_id: d}}]\n",
		map[string]string{"raw/a.json": `{"n":"tap","t":"2026-01-01T10:00:00Z","d":"d1"}` + "\n"})
	p.sojourn(t, "run")

	docs := map[string]map[string]string{} // of columns, by table
	for _, table := range load.Tables() {
		docs[table.Name] = map[string]string{}
		for _, c := range table.Columns {
			docs[table.Name][c.Name] = c.Doc
		}
	}
	var page bytes.Buffer
	fmt.Fprintf(&page, "<!-- Generated from the views and the tables they read by make generate: do not edit. -->\n# Views\n\n")
	fmt.Fprintf(&page, "What analysts query, the same in DuckDB and in BigQuery. A column without a meaning of its own is worked out in the view,\nwhose text is in [sql/views](../sql/views).\n")
	for _, v := range sql.Views() {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n\n", v.Name, v.Doc)
		fmt.Fprintf(&page, "Grain: %s Reads: %s Nulls: %s\n\n| column | type | meaning |\n| --- | --- | --- |\n", v.Header("Grain"), v.Header("Reads"), v.Header("Nulls"))
		docs[v.Name] = map[string]string{}
		for _, c := range ask[struct {
			Name string `json:"column_name"`
			Type string `json:"column_type"`
		}](t, p, "DESCRIBE "+v.Name) {
			for _, table := range v.Reads() {
				if doc := docs[table][c.Name]; doc != "" {
					docs[v.Name][c.Name] = doc
					break
				}
			}
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", c.Name, c.Type, strings.ReplaceAll(docs[v.Name][c.Name], "|", `\|`))
		}
	}
	const file = "../../docs/views.md"
	if *update {
		if err := os.WriteFile(file, page.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), page.String()); diff != "" {
		t.Errorf("%s is out of date: run make generate and review the diff (-file +now):\n%s", file, diff)
	}
}
