package transform

import (
	"iter"
	"math/bits"
	"net/url"
	"slices"
	"strings"
)

// DecideSegments sorts users by what their day says, as it is known at the
// end of the day, and notes the answers in their rows: later days tell more of
// sessions that go on after midnight, and must not change who was in which
// segment. Users are to come without what is known of later days; their
// Segments are those of the end of the day before.
func DecideSegments(users iter.Seq[*UserDay], a *Analysis) {
	asked := a.segmentations()
	asked = slices.DeleteFunc(asked, func(s segmentation) bool { return s.decide == nil })
	slices.SortFunc(asked, func(a, b segmentation) int { return strings.Compare(a.name, b.name) })
	isCut := slices.ContainsFunc(a.cuts(), func(s segmentation) bool { return s.decide != nil })
	var text []byte
	for u := range users {
		u.SegmentsBefore = ""
		if isCut && hasChurned(u.User) {
			u.SegmentsBefore = u.Segments
		}
		text = text[:0]
		for i := range asked {
			segment, in := asked[i].decide(u)
			if !in {
				continue
			}
			if len(text) > 0 {
				text = append(text, '&')
			}
			text = append(text, asked[i].name...)
			text = append(text, '=')
			text = append(text, url.QueryEscape(segment)...)
		}
		u.Segments = string(text)
	}
}

// decided is a segmentation that is decided once. Its name needs no escape.
func decided(name string, decide func(*UserDay) (string, bool)) segmentation {
	of := func(u *UserDay) (string, bool) { return pairOf(u.Segments, name) }
	return segmentation{name: name, of: of, decide: decide}
}

// hasChurned says whether the user is gone with the day, for any of lapses.
func hasChurned(u *User) bool {
	return slices.ContainsFunc(lapses[:], u.churned)
}

// churned says whether the user was active exactly so many days before and on
// no day since.
func (u *User) churned(lapse int) bool {
	return bits.TrailingZeros64(uint64(u.ActiveDays)) == lapse
}

// dayBefore is what the history and the segments of a user who is not active
// were at the end of the day before, as far as segmentations look at them.
func dayBefore(u *User) *UserDay {
	before := *u
	before.Date--
	before.ActiveDays >>= 1 // the oldest day is lost, which no segmentation tells from one before it
	before.Segments = u.SegmentsBefore
	return &UserDay{User: &before}
}
