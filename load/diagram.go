package load

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"sojourn/sql"
)

// references are columns that name a row of another table, wherever they are.
var references = [...]struct{ column, table, meaning string }{
	{"session_id", "sessions", "of"},
	{"user_id", "users", "at the end of the day"},
}

// WriteDiagram writes docs/erd.md: how the published tables join, and which
// views read them.
func WriteDiagram(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "<!-- Generated from the row types and the headers of the views by make generate: do not edit. -->")
	fmt.Fprintln(out, "# How the tables join")
	fmt.Fprintln(out)
	fmt.Fprintln(out, "Each box has the key of a table and the columns that lead to others. `session_id` is that of `sessions`; `user_id` with")
	fmt.Fprintln(out, "a day is that of `users`, whose row of that day is what was known at its end. Tables without either are sums over users:")
	fmt.Fprintln(out, "join them by `date`, `cut` and `segment`. All columns: [tables.md](tables.md).")
	fmt.Fprint(out, "\n```mermaid\nerDiagram\n")
	for _, t := range Tables() {
		fmt.Fprintf(out, "  %s {\n", t.Name)
		for _, c := range t.Columns {
			var marks []string
			if slices.Contains(t.Key, c.Name) {
				marks = append(marks, "PK")
			}
			for _, r := range references {
				if r.column == c.Name && r.table != t.Name {
					marks = append(marks, "FK")
				}
			}
			if len(marks) > 0 {
				fmt.Fprintf(out, "    %s %s %s\n", c.Type, c.Name, strings.Join(marks, ","))
			}
		}
		fmt.Fprintln(out, "  }")
	}
	for _, t := range Tables() {
		for _, r := range references {
			if r.table == t.Name || !slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Name == r.column }) {
				continue
			}
			fmt.Fprintf(out, "  %s ||--o{ %s : %q\n", r.table, t.Name, r.meaning)
		}
	}
	fmt.Fprint(out, "```\n\n## What views read\n\n```mermaid\nflowchart LR\n")
	for _, v := range sql.Views() {
		for _, table := range v.Reads() {
			fmt.Fprintf(out, "  %s --> %s\n", table, v.Name)
		}
	}
	fmt.Fprint(out, "```\n")
	return out.Flush()
}
