package transform

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// An Analysis is what the daily tables are asked beside sessions. It never
// changes sessions, only tables made of them. The zero Analysis asks for
// nothing but the totals.
type Analysis struct {
	// Cuts are the names of segmentations by which every metric table is cut,
	// beside its total.
	Cuts []string `json:",omitempty"`
	// MinUsers is the smallest number of users that a row of a cut may be
	// about; smaller ones are left out. 0 and 1 leave out none.
	MinUsers int64 `json:",omitempty"`
	// Segmentations are the user's own, beside [Segmentations].
	Segmentations []Segmentation `json:",omitempty"`
	// Features and Funnels are those that the configuration names, by name.
	Features []Feature `json:",omitempty"`
	Funnels  []Funnel  `json:",omitempty"`
	// Retentions are those of cohort_retention, beside daily_retention.
	Retentions []Retention `json:",omitempty"`

	// Onboarding is what a new user is led through; without steps there is
	// none.
	Onboarding Onboarding `json:",omitzero"`
	// PushWindow is for how long after a push a session is put down to it.
	PushWindow time.Duration `json:",omitempty"`
	// Incentives are what users are given so that they come back.
	Incentives []Incentive `json:",omitempty"`
}

// Declared returns the names of the events that the analysis looks at, sorted.
func (a *Analysis) Declared() []string {
	var names []string
	for _, f := range a.Features {
		names = append(names, f.Events...)
	}
	for _, f := range a.Funnels {
		for _, step := range f.Steps {
			for _, m := range step {
				if m.Event != "" {
					names = append(names, m.Event)
				}
			}
		}
	}
	for i := range a.Retentions {
		for _, m := range [...]Moment{a.Retentions[i].Anchor, a.Retentions[i].Return} {
			if m.Kind == OnEvent {
				names = append(names, m.Event)
			}
		}
	}
	for _, s := range a.Segmentations {
		for _, r := range s.Rules {
			names = append(names, r.Events...)
		}
	}
	names = append(names, a.Onboarding.events()...)
	for i := range a.Incentives {
		names = append(names, a.Incentives[i].declared()...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Digest identifies what is asked.
func (a *Analysis) Digest() string {
	text, err := json.Marshal(a)
	if err != nil {
		panic(err) // a struct of texts and numbers
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8])
}
