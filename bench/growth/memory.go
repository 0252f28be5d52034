package main

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// peaks are the measurements of memory: days that are out of the ordinary.
func (b *bench) peaks() []measurement {
	return []measurement{
		{"bot", b.peak("one user with a session over the whole day", func(p *project) error {
			return p.add("bot", crowd{users: 1, each: b.botEvents, session: b.botEvents})
		})},
		{"users", b.peak("users with an event each", func(p *project) error {
			return p.add("many", crowd{users: b.manyUsers, each: 1})
		})},
		{"objects", b.peak("objects of ten events", func(p *project) error {
			return p.add("small", crowd{users: b.smallObjects * 10 / each, each: each, object: 10})
		})},
		{"big", b.peak("one object", func(p *project) error {
			const line = 467 // bytes, about
			events := b.bigMB * 1_000_000 / line
			return p.add("big", crowd{users: events / each, each: each, object: events})
		})},
	}
}

// peak measures the first night of objects that fill makes.
func (b *bench) peak(what string, fill func(*project) error) func(context.Context) (string, error) {
	return func(ctx context.Context) (table string, err error) {
		err = b.with(func(p *project) error {
			if err := fill(p); err != nil {
				return err
			}
			n, err := p.measure(ctx, b.runs, "--memory", b.budget)
			if err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "%s: %.2f s CPU, %.2f s wall, %.0f MB\n", what, n.CPU.Seconds(), n.Wall.Seconds(), float64(n.RSS)/1e6)
			var s strings.Builder
			s.WriteString("| | objects | events | MB | compressed | --memory |")
			for _, m := range measures {
				fmt.Fprintf(&s, " %s |", m.name)
			}
			s.WriteString("\n| --- |" + strings.Repeat(" ---: |", 5+len(measures)) + "\n")
			fmt.Fprintf(&s, "| %s | %s | %s | %.0f | %.0f | %s |", what, count(int(p.objects)), count(int(p.lines)),
				float64(p.raw)/1e6, float64(p.compressed)/1e6, b.budget)
			for _, m := range measures {
				fmt.Fprintf(&s, " "+m.format+" |", m.of(n))
			}
			table = s.String() + "\n"
			return nil
		})
		return table, err
	}
}
