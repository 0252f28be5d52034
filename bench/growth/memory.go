package main

import (
	"context"
	"fmt"
	"strings"
)

// A strain is a day that is out of the ordinary.
type strain struct {
	name, what string
	crowd      crowd
}

func (b *bench) strains() []strain {
	const line = 440 // bytes, about
	big := b.bigMB * 1_000_000 / line
	return []strain{
		{"bot", "one user, one session all day", crowd{users: 1, each: b.botEvents, session: b.botEvents}},
		{"users", "many users, an event each", crowd{users: b.manyUsers, each: 1}},
		{"objects", "small objects", crowd{users: b.smallObjects * 10 / each, each: each, object: 10}},
		{"big", "one object", crowd{users: big / each, each: each, object: big}},
	}
}

// memory measures the first night of each strain.
func (b *bench) memory(ctx context.Context, wanted func(string) bool) error {
	fmt.Print("\n| | objects | events | MB | compressed | --memory |")
	for _, m := range measures {
		fmt.Printf(" %s |", m.name)
	}
	fmt.Print("\n| --- |" + strings.Repeat(" ---: |", 5+len(measures)) + "\n")
	for _, s := range b.strains() {
		if !wanted(s.name) {
			continue
		}
		err := b.with(s.name, func(p *project) error {
			if err := p.add(s.name, s.crowd); err != nil {
				return err
			}
			for _, budget := range strings.Split(b.budgets, ",") {
				n, err := p.measure(ctx, b.runs, "--memory", budget)
				if err != nil {
					return err
				}
				fmt.Printf("| %s | %s | %s | %.0f | %.0f | %s |", s.what, count(int(p.objects)), count(int(p.lines)),
					float64(p.raw)/1e6, float64(p.compressed)/1e6, budget)
				for _, m := range measures {
					fmt.Printf(" "+m.format+" |", m.of(n))
				}
				fmt.Println()
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}
