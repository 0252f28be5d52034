package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// The measures of the table, each with its unit.
var measures = []struct {
	name string
	of   func(usage) float64
}{
	{"CPU s", func(u usage) float64 { return u.cpu.Seconds() }},
	{"wall s", func(u usage) float64 { return u.wall.Seconds() }},
	{"peak MB", func(u usage) float64 { return float64(u.rss) / 1e6 }},
}

// table shows medians, the range in which the runs were, and how often the
// first contender goes into each: above 1 it is the better one.
func table(contenders []*contender) string {
	var b strings.Builder
	b.WriteString("| |")
	for _, m := range measures {
		fmt.Fprintf(&b, " %s | min–max | ratio |", m.name)
	}
	b.WriteString("\n| --- |" + strings.Repeat(" ---: | ---: | ---: |", len(measures)) + "\n")
	for _, c := range contenders {
		fmt.Fprintf(&b, "| %s |", c.name)
		for _, m := range measures {
			s := c.spread(m.of)
			format := " %.2f | %.2f–%.2f | %.2f |"
			if s.median >= 100 {
				format = " %.0f | %.0f–%.0f | %.2f |"
			}
			fmt.Fprintf(&b, format, s.median, s.least, s.most, s.median/contenders[0].spread(m.of).median)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// machine says where and with what was measured.
func machine(dir string) string {
	duckdb, err := exec.Command(filepath.Join(dir, "duckdb"), "-version").Output()
	if err != nil {
		duckdb = []byte("of unknown version")
	}
	return fmt.Sprintf("%s: %d cores, %s, %s of memory; %s, DuckDB %s",
		time.Now().Format(time.DateOnly), runtime.NumCPU(), proc("cpuinfo", "model name"), proc("meminfo", "MemTotal"),
		runtime.Version(), strings.TrimSpace(string(duckdb)))
}

// proc returns the first value of a key in a file of /proc, "unknown" if there
// is none.
func proc(file, key string) string {
	text, err := os.ReadFile("/proc/" + file)
	if err != nil {
		return "unknown"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}
