package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
)

// A series is nights that differ in one size.
type series struct {
	of     string
	points []point
}

type point struct {
	size float64 // 0 if it is no number
	name string
	night
}

// measure measures a project of a size, with these arguments beside the usual.
func (s *series) measure(ctx context.Context, b *bench, p *project, size int, args ...string) error {
	if err := s.measureAs(ctx, b, p, count(size), args...); err != nil {
		return err
	}
	s.points[len(s.points)-1].size = float64(size)
	return nil
}

func (s *series) measureAs(ctx context.Context, b *bench, p *project, name string, args ...string) error {
	n, err := p.measure(ctx, b.runs, args...)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%s %s: %.2f s CPU, %.2f s wall, %.0f MB\n", s.of, name, n.CPU.Seconds(), n.Wall.Seconds(), float64(n.RSS)/1e6)
	s.points = append(s.points, point{name: name, night: n})
	return nil
}

// The measures of a night.
var measures = []struct {
	name   string
	format string
	of     func(night) float64
}{
	{"CPU s", "%.2f", func(n night) float64 { return n.CPU.Seconds() }},
	{"wall s", "%.1f", func(n night) float64 { return n.Wall.Seconds() }},
	{"peak MB", "%.0f", func(n night) float64 { return float64(n.RSS) / 1e6 }},
}

// String is a table of the nights, each measure next to that of the first, and
// how it grows with the size.
func (s *series) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s | days made |", s.of)
	for _, m := range measures {
		fmt.Fprintf(&b, " %s | to first |", m.name)
	}
	b.WriteString("\n| ---: | ---: |" + strings.Repeat(" ---: | ---: |", len(measures)) + "\n")
	for _, p := range s.points {
		fmt.Fprintf(&b, "| %s | %d |", p.name, p.days)
		for _, m := range measures {
			v := m.of(p.night)
			fmt.Fprintf(&b, " "+m.format+" | %.2f |", v, v/m.of(s.points[0].night))
		}
		b.WriteString("\n")
	}
	if exponents := s.exponents(); exponents != "" {
		fmt.Fprintf(&b, "\nExponents: %s.\n", exponents)
	}
	return b.String()
}

// exponents says with which power of the size each measure grows; nothing if
// there are no two sizes.
func (s *series) exponents() string {
	var all []string
	for _, m := range measures {
		var x, y []float64
		for _, p := range s.points {
			if p.size > 0 {
				x, y = append(x, math.Log(p.size)), append(y, math.Log(m.of(p.night)))
			}
		}
		if len(x) < 2 {
			return ""
		}
		all = append(all, fmt.Sprintf("%s %.2f", strings.Fields(m.name)[0], slope(x, y)))
	}
	return strings.Join(all, ", ")
}

// slope is that of the line through points by least squares.
func slope(x, y []float64) float64 {
	var mx, my, xy, xx float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(y))
	}
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
	}
	return xy / xx
}

// count writes a number with commas.
func count(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
