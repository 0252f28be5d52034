package extract

import (
	"cmp"
	"fmt"
	"slices"

	"sojourn/internal/lake"
)

// A KeyError says that a source's ids were made pseudonyms under one key and
// cannot be made so under another, as objects are gone whose events count: the
// same user would be two.
type KeyError struct {
	Source  string
	Objects []string // that cannot be read again, sorted
	Was, Is string   // ids of the keys; empty for ids as they are
}

func (e *KeyError) Error() string {
	ids := func(key string) string {
		if key == "" {
			return "ids as they are"
		}
		return "pseudonyms by key " + key
	}
	more := ""
	if n := len(e.Objects); n > 1 {
		more = fmt.Sprintf(" and %d more objects", n-1)
	}
	return fmt.Sprintf("source %s: %s%s cannot be read again: gone from the source, and their events count. Those have %s, all others would have %s, and the same user would be two. Go back to the key they were read with, bring the objects back, or begin a new lake",
		e.Source, e.Objects[0], more, ids(e.Was), ids(e.Is))
}

// checkKeys refuses a change of the key, or of whether there is one, while
// objects count that are not there to be read again.
func checkKeys(sources []Source, present map[lake.ObjectKey]lake.Input, listed map[lake.ObjectKey]bool, settled map[edition]bool) error {
	if len(sources) == 0 {
		return nil
	}
	var first *KeyError
	for key, in := range present {
		s := sources[0] // also for objects of a source that is not configured any more: they count
		stays := true
		if i := slices.IndexFunc(sources, func(s Source) bool { return s.Name == key.Source }); i >= 0 {
			s = sources[i]
			stays = s.KeepRemoved || in.Provisional && !settled[edition{key.Source, in.Edition}]
		}
		if listed[key] || !stays || in.Events+in.Aliases == 0 {
			continue
		}
		if is := s.Privacy.Pseudonyms.KeyID(); in.Key != is {
			if first == nil || cmp.Compare(key.Source, first.Source) < 0 {
				first = &KeyError{Source: key.Source, Was: in.Key, Is: is}
			}
			if first.Source == key.Source {
				first.Objects = append(first.Objects, key.Object)
			}
		}
	}
	if first == nil {
		return nil
	}
	slices.Sort(first.Objects)
	return first
}
