package main

import (
	"context"
	"fmt"
	"strings"
)

func (b *bench) growths() []measurement {
	return []measurement{
		{"events", b.growthOfEvents},
		{"total", b.growthOfTotal},
		{"history", b.growthOfHistory},
		{"users", b.growthOfUsers},
		{"late", b.growthOfLate},
		{"restate", b.restating},
	}
}

// Users have two sessions on a day that they are active, if not said otherwise.
const each = 20

// growthOfEvents measures a first night: one day of so many events, by a
// twentieth as many users.
func (b *bench) growthOfEvents(ctx context.Context) (string, error) {
	s := series{of: "events of the day"}
	for _, events := range b.events {
		err := b.with(fmt.Sprint("events-", events), func(p *project) error {
			if err := p.add("day", crowd{users: events / each, each: each}); err != nil {
				return err
			}
			return s.measure(ctx, b, p, events)
		})
		if err != nil {
			return "", err
		}
	}
	return s.String(), nil
}

// growthOfTotal measures a first night that reads so many events at once, of
// days of a million each by the same 50,000 users, under the first budget.
func (b *bench) growthOfTotal(ctx context.Context) (string, error) {
	const ofDay = 1_000_000
	budget, _, _ := strings.Cut(b.budgets, ",")
	s := series{of: "events in all"}
	for _, events := range b.total {
		err := b.with(fmt.Sprint("total-", events), func(p *project) error {
			for left, day := events, 0; left > 0; left, day = left-ofDay, day+1 {
				if err := p.add("day", crowd{day: day, users: min(left, ofDay) / each, each: each}); err != nil {
					return err
				}
			}
			return s.measure(ctx, b, p, events, "--memory", budget)
		})
		if err != nil {
			return "", err
		}
	}
	first, last := s.points[0], s.points[len(s.points)-1]
	return s.String() + fmt.Sprintf("\n--memory %s. An event of the greatest takes %.2f times the CPU time of one of the least.\n",
		budget, last.CPU.Seconds()/last.size/(first.CPU.Seconds()/first.size)), nil
}

// growthOfHistory measures the night of a day by users who were never seen
// before, after so many days of five users who are always the same: the history
// alone grows.
func (b *bench) growthOfHistory(ctx context.Context) (string, error) {
	s := series{of: "days of history"}
	for _, days := range b.days {
		err := b.with(fmt.Sprint("history-", days), func(p *project) error {
			for day := days; day > 0; day-- {
				if err := p.add("few", crowd{day: day, users: 5, each: 10}); err != nil {
					return err
				}
			}
			if err := p.begin(ctx); err != nil {
				return err
			}
			if err := p.add("day", crowd{first: 1000, users: b.dayEvents / each, each: each}); err != nil {
				return err
			}
			return s.measure(ctx, b, p, days)
		})
		if err != nil {
			return "", err
		}
	}
	return s.String(), nil
}

// activeUsers is how many of the users known are active on a day.
const activeUsers = 5000

// growthOfUsers measures the night of a day on which 5,000 of so many users
// known are active. All of them were there two days before, with one event
// each, and the same 5,000 on the day between.
func (b *bench) growthOfUsers(ctx context.Context) (string, error) {
	s := series{of: "users known"}
	for _, users := range b.users {
		err := b.with(fmt.Sprint("users-", users), func(p *project) error {
			if err := p.add("all", crowd{day: 2, users: users, each: 1}); err != nil {
				return err
			}
			if err := p.add("day", crowd{day: 1, users: activeUsers, each: each}); err != nil {
				return err
			}
			if err := p.begin(ctx); err != nil {
				return err
			}
			if err := p.add("day", crowd{users: activeUsers, each: each}); err != nil {
				return err
			}
			return s.measure(ctx, b, p, users)
		})
		if err != nil {
			return "", err
		}
	}
	return s.String(), nil
}

const (
	lateEvents = 100_000 // of each day
	lateDays   = 7       // before the day, to which late events belong
)

// growthOfLate measures the night that brings 100,000 events, of which a share
// belongs to the seven days before in equal parts: their users turn out to have
// had further sessions. Eight days of as many events have been
// made.
func (b *bench) growthOfLate(ctx context.Context) (string, error) {
	s := series{of: "percent late"}
	for _, percent := range b.late {
		err := b.with(fmt.Sprint("late-", percent), func(p *project) error {
			const users = lateEvents / each
			for day := lateDays + 1; day > 0; day-- {
				if err := p.add("day", crowd{day: day, users: users, each: each}); err != nil {
					return err
				}
			}
			if err := p.begin(ctx); err != nil {
				return err
			}
			if err := p.add("day", crowd{users: users * (100 - percent) / 100, each: each}); err != nil {
				return err
			}
			for day := 1; day <= lateDays && percent > 0; day++ {
				c := crowd{day: day, users: users * percent / 100 / lateDays, each: each, late: true, apart: true}
				if err := p.add("late", c); err != nil {
					return err
				}
			}
			return s.measure(ctx, b, p, percent)
		})
		if err != nil {
			return "", err
		}
	}
	return s.String(), nil
}

const (
	restateDays = 30
	restateDay  = 20 // days before the last
)

// restating measures the night that brings one event of the twentieth day
// before the last, next to a night that makes everything anew from the same
// objects: an event inside a session, which leaves the user's history as it
// was, and one that is a further session, which changes it for ever after. Of
// the thirty days the first has all users, with one event each, the others
// 5,000 of them in turn.
func (b *bench) restating(ctx context.Context) (string, error) {
	s := series{of: "what is made"}
	err := b.with("restate", func(p *project) error {
		if err := p.add("all", crowd{day: restateDays - 1, users: b.restateUsers, each: 1}); err != nil {
			return err
		}
		first := func(day int) int { return activeUsers * day % b.restateUsers }
		for day := range restateDays - 1 {
			if err := p.add("day", crowd{day: day, first: first(day), users: min(activeUsers, b.restateUsers), each: each}); err != nil {
				return err
			}
		}
		if err := p.begin(ctx); err != nil {
			return err
		}
		late := crowd{day: restateDay, first: first(restateDay), users: 1, each: 1, late: true}
		if err := p.add("late", late); err != nil {
			return err
		}
		if err := s.measureAs(ctx, b, p, "one event inside a session"); err != nil {
			return err
		}
		late.apart = true // in the same object, which takes the place of the one before
		if err := p.add("late", late); err != nil {
			return err
		}
		if err := s.measureAs(ctx, b, p, "one event that is a session"); err != nil {
			return err
		}
		if err := p.forget(); err != nil {
			return err
		}
		return s.measureAs(ctx, b, p, "everything")
	})
	if err != nil {
		return "", err
	}
	all := s.points[2].CPU.Seconds()
	return s.String() + fmt.Sprintf("\n%s users known. One event takes %.2f and %.2f of the CPU time of everything.\n",
		count(b.restateUsers), s.points[0].CPU.Seconds()/all, s.points[1].CPU.Seconds()/all), nil
}

// with calls a function with a new project, and removes it.
func (b *bench) with(name string, do func(*project) error) error {
	p, err := b.project(name)
	if err != nil {
		return err
	}
	if err := do(p); err != nil || b.keep {
		return err
	}
	return p.remove()
}
