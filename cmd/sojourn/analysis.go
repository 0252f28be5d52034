package main

import (
	"errors"
	"fmt"
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
	names := transform.Segmentations()
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
	c.returning(&a, report)
	return a, errors.Join(problems...)
}
