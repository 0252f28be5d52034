package transform

import (
	"net/url"
	"strings"
)

// Property returns the value of a property of the user's own, "" if the event
// does not say it or the source does not keep it.
func (a *Attributes) Property(name string) string {
	for rest := a.Properties; rest != ""; {
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
