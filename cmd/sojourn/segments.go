package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"sojourn/internal/rule"
	"sojourn/transform"
)

// segmentationConfig is a segmentation of the user's own: rules that are tried
// in order, or a property by whose values users are sorted.
type segmentationConfig struct {
	Property  string              `yaml:"property"`
	Rules     []segmentRuleConfig `yaml:"rules"`
	Otherwise string              `yaml:"otherwise"` // segment of those for whom none holds
}

type segmentRuleConfig struct {
	Name string `yaml:"name"` // of the segment
	When string `yaml:"when"` // expression
}

// segmentations are the user's own, in the order of their names. The error
// says all that is wrong.
func (c *config) segmentations() ([]transform.Segmentation, error) {
	taken := append(transform.Segmentations(), "total", "platform_country_version")
	kept := map[string]bool{} // properties, by some source
	for _, source := range c.Sources {
		for property := range source.Properties {
			kept[property] = kept[property] || c.Privacy.keeps(property)
		}
	}
	var list []transform.Segmentation
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(c.Segments)) {
		if !isName(name) {
			problems = append(problems, fmt.Errorf("segments: %q is not a name: want letters, digits, - and _", name))
		}
		if slices.Contains(taken, name) {
			problems = append(problems, fmt.Errorf("segments.%s: there is one of that name already: choose another", name))
		}
		s, err := c.Segments[name].segmentation(name, kept)
		if err != nil {
			problems = append(problems, err)
		}
		list = append(list, s)
	}
	return list, errors.Join(problems...)
}

func (c segmentationConfig) segmentation(name string, kept map[string]bool) (transform.Segmentation, error) {
	s := transform.Segmentation{Name: name, Property: c.Property, Otherwise: c.Otherwise}
	var problems []error
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("segments.%s.%w", name, fmt.Errorf(format, args...)))
	}
	want := func(key, property string) {
		if !kept[property] {
			report("%s: no source keeps a property %q: name it under properties of a source", key, property)
		}
	}
	switch {
	case c.Property != "":
		want("property", c.Property)
		if len(c.Rules) > 0 || c.Otherwise != "" {
			report("property: there are rules, too: want one or the other")
		}
	case len(c.Rules) == 0:
		report("rules: there is none: want a list of {name: SEGMENT, when: CONDITION}, or property: NAME instead")
	}
	seen := map[string]bool{}
	for i, r := range c.Rules {
		switch {
		case r.Name == "":
			report("rules[%d].name: it is missing: want the name of the segment", i)
		case seen[r.Name]:
			report("rules[%d].name: there is a segment %q already: join the two conditions with or", i, r.Name)
		}
		seen[r.Name] = true
		parsed, err := rule.Parse(r.When)
		if err != nil {
			report("rules[%d].when: %w", i, err)
			continue
		}
		for _, property := range parsed.Properties {
			want(fmt.Sprintf("rules[%d].when", i), property)
		}
		s.Rules = append(s.Rules, transform.SegmentRule{Segment: r.Name, When: r.When, Events: parsed.Events, Holds: parsed.Holds})
	}
	if c.Otherwise != "" && seen[c.Otherwise] {
		report("otherwise: there is a segment %q already: choose another name", c.Otherwise)
	}
	return s, errors.Join(problems...)
}
