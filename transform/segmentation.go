package transform

import (
	"cmp"
	"slices"
	"strings"
)

// A Segmentation sorts users into segments by what is known at the end of a
// day.
type Segmentation struct {
	Name string
	// Rules are tried in order; a user is in the segment of the first that
	// holds, and in Otherwise if none does. An empty Otherwise leaves those
	// out of the segmentation.
	Rules     []SegmentRule
	Otherwise string `json:",omitempty"`
}

// A SegmentRule says who is in a segment.
type SegmentRule struct {
	Segment string
	When    string                       // the rule as written: what the digest is made of
	Holds   func(*UserDay) (bool, error) `json:"-"`
}

// segmentation is how a tally sorts users: into a segment, "" where it is
// unknown; out says that a user is in none.
type segmentation struct {
	name string
	of   func(*UserDay) (segment string, in bool)
}

// segmentations are those that are there without being declared.
var segmentations = [...]segmentation{
	{"lifecycle", func(u *UserDay) (string, bool) { return lifecycle(u.User, lapse), true }},
	{"lifecycle_day", func(u *UserDay) (string, bool) { return lifecycle(u.User, 1), true }},
	{"activity_tier", func(u *UserDay) (string, bool) { tier := activityTier(u.User); return tier, tier != "" }},
	{"platform", ofActive(func(u *User) string { return u.Platform })},
	{"country", ofActive(func(u *User) string { return u.Country })},
	{"app_version", ofActive(func(u *User) string { return u.AppVersion })},
	{"language", ofActive(func(u *User) string { return u.Language })},
	{"acquisition_source", ofActive(func(u *User) string { return u.FirstAcquisitionSource })},
}

// ofActive is an attribute of users with a session on the day; for tables
// about users who are away, of all.
func ofActive(attribute func(*User) string) func(*UserDay) (string, bool) {
	return func(u *UserDay) (string, bool) { return attribute(u.User), len(u.Sessions) > 0 || u.lasting }
}

// Segmentations returns the names of the segmentations that are there without
// being declared.
func Segmentations() []string {
	var names []string
	for _, s := range segmentations {
		names = append(names, s.name)
	}
	return names
}

// segmentations returns all of an analysis, built in and declared.
func (a *Analysis) segmentations() []segmentation {
	all := slices.Clone(segmentations[:])
	for i := range a.Segmentations {
		all = append(all, segmentation{a.Segmentations[i].Name, a.Segmentations[i].of})
	}
	return all
}

// cuts returns the segmentations by which tables are cut.
func (a *Analysis) cuts() []segmentation {
	return slices.DeleteFunc(a.segmentations(), func(s segmentation) bool { return !slices.Contains(a.Cuts, s.name) })
}

// of sorts a user. A rule that fails does not hold.
func (s *Segmentation) of(u *UserDay) (string, bool) {
	for i := range s.Rules {
		if holds, err := s.Rules[i].Holds(u); err == nil && holds {
			return s.Rules[i].Segment, true
		}
	}
	return s.Otherwise, s.Otherwise != ""
}

// A Cut is a part of the users that rows are about: all of them, or a segment
// of a segmentation.
type Cut struct {
	Name    string // total, or the name of a segmentation
	Segment string // "" in the total, and where the attribute is unknown
}

// total is the cut without any segment.
const total = "total"

func (c Cut) compare(o Cut) int {
	return cmp.Or(strings.Compare(c.Name, o.Name), strings.Compare(c.Segment, o.Segment))
}
