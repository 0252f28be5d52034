package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/transform"
)

// analysis is what the configuration asks the daily tables. The error says all
// that is wrong, a line each.
func (c *config) analysis() (transform.Analysis, error) {
	a := transform.Analysis{Cuts: c.Cuts, MinUsers: c.MinGroupUsers}
	var problems []error
	report := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	var err error
	if a.Segmentations, err = c.segmentations(); err != nil {
		problems = append(problems, err)
	}
	names := append(transform.Segmentations(), slices.Sorted(maps.Keys(c.Segments))...)
	for i, cut := range c.Cuts {
		if !slices.Contains(names, cut) {
			report("cuts: there is no segmentation %q: want one of %s", cut, strings.Join(names, ", "))
		}
		if slices.Contains(c.Cuts[:i], cut) {
			report("cuts: %q stands there twice", cut)
		}
	}
	if c.MinGroupUsers < 0 {
		report("min_group_users: %d is less than 0: want the smallest number of users that a row of a cut may be about", c.MinGroupUsers)
	}
	a.Features = c.features(report)
	a.Funnels = c.funnels(report)
	if a.Retentions, err = c.retentions(); err != nil {
		problems = append(problems, err)
	}
	c.returning(&a, report)
	return a, errors.Join(problems...)
}
