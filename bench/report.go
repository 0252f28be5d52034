package main

import (
	"fmt"
	"strings"

	"sojourn/bench/internal/process"
)

// The measures of the table, each with its unit.
var measures = []struct {
	name string
	of   func(process.Usage) float64
}{
	{"CPU s", func(u process.Usage) float64 { return u.CPU.Seconds() }},
	{"wall s", func(u process.Usage) float64 { return u.Wall.Seconds() }},
	{"peak MB", func(u process.Usage) float64 { return float64(u.RSS) / 1e6 }},
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
