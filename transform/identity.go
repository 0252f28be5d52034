package transform

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
)

// An Alias says that one id stands for another: the product has found both to
// be of one person.
type Alias struct {
	From, To string
	At       int64 // when the product said so, microseconds since 1970 UTC; 0 if it does not tell
}

// An Identity says which id each id stands for in the end. The zero Identity
// leaves every id as it is.
type Identity struct {
	to     map[string]string
	digest string
}

// NewIdentity follows aliases, in any order, to their ends. Of two that say
// different things of one id the later counts, and of two at one time the one
// with the greater id; a circle stands for the least id in it.
func NewIdentity(aliases []Alias) Identity {
	aliases = slices.Clone(aliases)
	slices.SortFunc(aliases, func(a, b Alias) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.To, b.To), cmp.Compare(a.From, b.From))
	})
	next := map[string]string{}
	for _, a := range aliases {
		if a.From != "" && a.To != "" && a.From != a.To {
			next[a.From] = a.To
		}
	}
	to := make(map[string]string, len(next))
	for from := range next {
		if end := follow(next, from); end != from {
			to[from] = end
		}
	}
	if len(to) == 0 {
		return Identity{}
	}
	sum := sha256.New()
	for _, from := range slices.Sorted(maps.Keys(to)) {
		fmt.Fprintf(sum, "%q %q\n", from, to[from])
	}
	return Identity{to, hex.EncodeToString(sum.Sum(nil)[:8])}
}

// follow goes from an id to the one it stands for in the end.
func follow(next map[string]string, id string) string {
	seen := map[string]bool{}
	for {
		to, more := next[id]
		if !more {
			return id
		}
		if seen[id] {
			least := id
			for at := next[id]; at != id; at = next[at] {
				least = min(least, at)
			}
			return least
		}
		seen[id] = true
		id = to
	}
}

// Digest identifies what the identity says; "" if it says nothing.
func (i Identity) Digest() string { return i.digest }

// Len is the number of ids that stand for others.
func (i Identity) Len() int { return len(i.to) }

// All returns all ids of the people whom ids stand for, the ids among them,
// sorted.
func (i Identity) All(ids []string) []string {
	people, all := map[string]bool{}, map[string]bool{}
	for _, id := range ids {
		all[id] = true
		person, ok := i.to[id]
		if !ok {
			person = id
		}
		people[person], all[person] = true, true
	}
	for id, person := range i.to {
		if people[person] {
			all[id] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// resolve gives an event the user that its ids stand for.
func (i Identity) resolve(e *Event) {
	if user, ok := i.to[e.UserID]; ok {
		e.UserID = user
	}
	if e.UserID == "" {
		e.UserID = i.to[e.DeviceID]
	}
}

// Known is the user who was last known on a device.
type Known struct {
	Device, User string
	At           int64 // when, microseconds since 1970 UTC
}

// Identify sets the users of the events of one device, or of one user without
// a device, which are in order of time: the one that their ids stand for, and,
// for as long as the definition stitches, the one who was last known on the
// device. An event is never given to somebody known only later, and what one
// known user did is never given to another. It returns who is known after
// them; before is who was known so far, zero for nobody.
func (d *Definition) Identify(events []Event, i Identity, before Known) Known {
	known := before
	for n := range events {
		e := &events[n]
		i.resolve(e)
		switch {
		case d.Stitch == 0 || e.DeviceID == "":
		case e.UserID != "":
			known = Known{e.DeviceID, e.UserID, e.At}
		case known.User != "" && e.At-known.At <= d.Stitch.Microseconds():
			e.UserID = known.User
		}
	}
	return known
}
