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
	// Property is a property of events by whose latest value known the users
	// active on the day are sorted. It comes without rules.
	Property string `json:",omitempty"`
	// Rules are tried in order; a user is in the segment of the first that
	// holds, and in Otherwise if none does. An empty Otherwise leaves those
	// out of the segmentation.
	Rules     []SegmentRule `json:",omitempty"`
	Otherwise string        `json:",omitempty"`
}

// A SegmentRule says who is in a segment.
type SegmentRule struct {
	Segment string
	When    string   // the rule as written: what the digest is made of
	Events  []string `json:"-"` // names of the events that it looks at
	// Holds decides by the UserDay alone, which comes without Next: what a
	// user does later never changes a segment.
	Holds func(*UserDay) (bool, error) `json:"-"`
}

// segmentation is how a tally sorts users: into a segment, "" where it is
// unknown; out says that a user is in none.
type segmentation struct {
	name string
	of   func(*UserDay) (segment string, in bool)
	// latest is the attribute that users are sorted by on days on which they
	// are active; nil for other segmentations.
	latest func(*User) string
	// decide sorts users by what their day says, where the history alone does
	// not tell; nil for other segmentations. [DecideSegments] asks it once; of
	// reads the answer.
	decide func(*UserDay) (segment string, in bool)
}

// whenever sorts a user likewise, by attributes also when not active.
func (s *segmentation) whenever(u *UserDay) (segment string, in bool) {
	if s.latest != nil {
		return s.latest(u.User), true
	}
	return s.of(u)
}

// segmentations are those that are there without being declared.
var segmentations = [...]segmentation{
	{name: "lifecycle", of: func(u *UserDay) (string, bool) { return lifecycle(u.User, lapse), true }},
	{name: "lifecycle_day", of: func(u *UserDay) (string, bool) { return lifecycle(u.User, 1), true }},
	{name: "activity_tier", of: func(u *UserDay) (string, bool) { tier := activityTier(u.User); return tier, tier != "" }},
	{name: "recency_frequency", of: func(u *UserDay) (string, bool) { cell := recencyFrequency(u.User); return cell, cell != "" }},
	decided("length_tier", lengthTier),
	decided("top_screen", topScreen),
	ofActive("platform", func(u *User) string { return u.Platform }),
	ofActive("os_version", func(u *User) string { return u.OSVersion }),
	ofActive("device_model", func(u *User) string { return u.DeviceModel }),
	ofActive("device_class", func(u *User) string { return u.DeviceClass }),
	ofActive("app_version", func(u *User) string { return u.AppVersion }),
	ofActive("country", func(u *User) string { return u.Country }),
	ofActive("language", func(u *User) string { return u.Language }),
	ofActive("acquisition_source", func(u *User) string { return u.FirstAcquisitionSource }),
	ofActive("campaign", func(u *User) string { return u.FirstCampaign }),
}

// ofActive is an attribute of users with a session on the day.
func ofActive(name string, attribute func(*User) string) segmentation {
	of := func(u *UserDay) (string, bool) { return attribute(u.User), len(u.Sessions) > 0 }
	return segmentation{name: name, of: of, latest: attribute}
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
		all = append(all, a.Segmentations[i].segmentation())
	}
	return all
}

// cuts returns the segmentations by which tables are cut.
func (a *Analysis) cuts() []segmentation {
	return slices.DeleteFunc(a.segmentations(), func(s segmentation) bool { return !slices.Contains(a.Cuts, s.name) })
}

func (s *Segmentation) segmentation() segmentation {
	if s.Property != "" {
		return ofActive(s.Name, func(u *User) string { return u.Property(s.Property) })
	}
	return decided(s.Name, s.decide)
}

// decide sorts a user by rules. One that fails does not hold.
func (s *Segmentation) decide(u *UserDay) (string, bool) {
	known := *u
	known.Next = Unknown
	for i := range s.Rules {
		if holds, err := s.Rules[i].Holds(&known); err == nil && holds {
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
