package extract

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// NamesIP says whether the name of a property, or the path of one, is that of
// an IP address, as in ip, $ip, clientIp, context.ip, user_ipaddress or
// X-Forwarded-For. What was only derived from an address, such as ip_country,
// is none.
func NamesIP(path string) bool {
	words := nameWords(path)
	all := strings.Join(words, "_")
	for _, end := range []string{"forwarded_for", "remote_addr", "remote_address", "remote_host"} {
		if all == end || strings.HasSuffix(all, "_"+end) {
			return true
		}
	}
	for len(words) > 1 && slices.Contains(addressForms, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	return len(words) > 0 && slices.Contains(addressWords, words[len(words)-1])
}

// addressForms are what a name may end in that is an address all the same.
var addressForms = []string{"addr", "address", "addresses", "hash", "hashed", "int", "number", "raw", "str", "string", "text", "v4", "v6", "value"}

// addressWords are words for an address of a machine.
var addressWords = []string{
	"clientip", "deviceip", "ip", "ipaddr", "ipaddress", "ips", "ipv4", "ipv6", "originip", "peerip", "publicip",
	"remoteip", "remoteaddr", "remoteaddress", "requestip", "sourceip", "srcip", "userip", "useripaddress", "visitorip", "xforwardedfor",
}

// nameWords cuts a name at all that is no letter or digit, and where a capital
// letter begins a word, and writes the words in small letters.
func nameWords(name string) []string {
	var words []string
	var word strings.Builder
	end := func() {
		if word.Len() > 0 {
			words = append(words, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	var before rune
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
		case unicode.IsUpper(r) && (unicode.IsLower(before) || unicode.IsDigit(before)):
			end()
			word.WriteRune(r)
		default:
			word.WriteRune(r)
		}
		before = r
	}
	end()
	return words
}

// validateNoIP reports the fields and properties that are IP addresses by
// their names.
func (s Source) validateNoIP() []error {
	const refused = "%s: %s is an IP address by its name, which is never stored: leave it out; of what it is good for, country can be mapped"
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(s.Fields)) {
		if path := s.Fields[name].Path; NamesIP(path) {
			errs = append(errs, fmt.Errorf("fields: "+refused, name, path))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if path := s.Properties[name]; NamesIP(path) {
			errs = append(errs, fmt.Errorf("properties: "+refused, name, path))
		} else if NamesIP(name) {
			errs = append(errs, fmt.Errorf("properties: "+refused, name, name))
		}
	}
	return errs
}
