package transform

import (
	"net/url"
	"strings"
)

// Property returns the value of a property of the user's own, "" if the event
// does not say it or the source does not keep it.
func (a *Attributes) Property(name string) string { return property(a.Properties, name) }

// property finds a property in a text of properties.
func property(properties, name string) string {
	for rest := properties; rest != ""; {
		var pair string
		pair, rest, _ = strings.Cut(rest, "&")
		if value, ok := strings.CutPrefix(pair, name+"="); ok {
			text, err := url.QueryUnescape(value)
			if err != nil {
				return "" // not written by url.Values.Encode
			}
			return text
		}
	}
	return ""
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
