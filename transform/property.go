package transform

import (
	"net/url"
	"strings"
)

// Property returns the value of a property of the user's own, "" if the event
// does not say it or the source does not keep it.
func (a *Attributes) Property(name string) string { return property(a.Properties, name) }

// Property returns the latest value known of a property, "" if there is none.
func (u *User) Property(name string) string { return property(u.Properties, name) }

// property finds a property in a text of properties.
func property(properties, name string) string {
	value, _ := pairOf(properties, name)
	return value
}

// pairOf finds the value under a name in a text as url.Values.Encode makes it.
func pairOf(text, name string) (value string, found bool) {
	for rest := text; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if is, of, _ := strings.Cut(pair, "="); is == name {
			value, err := url.QueryUnescape(of)
			return value, err == nil
		}
	}
	return "", false
}

// latestProperties are those of two texts of properties, each sorted by name;
// where both have one, the value of newer.
func latestProperties(older, newer string) string {
	if older == "" || older == newer {
		return newer
	}
	var pairs []string
	for older != "" || newer != "" {
		a, restOlder, _ := strings.Cut(older, "&")
		b, restNewer, _ := strings.Cut(newer, "&")
		nameA, _, _ := strings.Cut(a, "=")
		nameB, _, _ := strings.Cut(b, "=")
		switch {
		case older != "" && (newer == "" || nameA < nameB):
			pairs, older = append(pairs, a), restOlder
		case older != "" && nameA == nameB:
			pairs, older, newer = append(pairs, b), restOlder, restNewer
		default:
			pairs, newer = append(pairs, b), restNewer
		}
	}
	return strings.Join(pairs, "&")
}
