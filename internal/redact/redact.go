// Package redact takes secrets out of texts that people and files get to see:
// the user and password of a URL, and what its query says. Where addresses are
// printed, logged or written down, it is by way of this package.
package redact

import (
	"regexp"
	"slices"
	"strings"
)

// hidden stands where a secret was.
const hidden = "xxxxx"

// address finds what looks like a URL.
var address = regexp.MustCompile("[A-Za-z][A-Za-z0-9+.-]*://[^\\s\"'`<>]+")

// harmless are parameters of the URLs of buckets and APIs that are no secret.
// Others are: deny by default, as every driver has its own.
var harmless = []string{
	"acl", "alt", "api-version", "comp", "create_dir", "domain", "dir_file_mode", "disable_https", "endpoint", "fips", "hostname_immutable",
	"is_cdn", "list-type", "localemu", "maxresults", "metadata", "no_tmp_dir", "prefix", "prettyprint", "protocol", "region", "restype", "s3forcepathstyle",
	"disablessl", "storage_account", "universe_domain", "use_path_style", "uploadtype",
}

// Text returns a text with no secret left in any URL of it.
func Text(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return address.ReplaceAllStringFunc(text, shown)
}

// Location returns where a URL leads: without user, password, query and what
// follows. What is no URL stays as it is.
func Location(location string) string {
	scheme, rest, ok := strings.Cut(location, "://")
	if !ok {
		return location
	}
	if i := strings.IndexByte(rest, '?'); i >= 0 {
		rest = rest[:i]
	}
	return scheme + "://" + withoutUser(rest)
}

// shown is a URL as it may be shown.
func shown(url string) string {
	scheme, rest, _ := strings.Cut(url, "://")
	rest, query, asks := strings.Cut(rest, "?")
	out := scheme + "://" + withoutUser(rest)
	if !asks {
		return out
	}
	parts := strings.FieldsFunc(query, func(r rune) bool { return r == '&' || r == ';' })
	for i, part := range parts {
		key, value, ok := strings.Cut(part, "=")
		if ok && slices.Contains(harmless, strings.ToLower(key)) {
			parts[i] = key + "=" + Text(value)
		} else {
			parts[i] = hidden // the name, too: a token alone may end in =
		}
	}
	return out + "?" + strings.Join(parts, "&")
}

// withoutUser hides the user and password of what follows :// in a URL. A
// password may have a slash in it, against the rules: then what stands before
// it is no host with a port.
func withoutUser(rest string) string {
	end := strings.IndexByte(rest, '/')
	if end < 0 {
		end = len(rest)
	}
	host := rest[:end]
	if _, port, ok := strings.Cut(host, ":"); ok && !strings.Contains(host, "@") && !strings.HasPrefix(host, "[") && !isPort(port) {
		end = len(rest)
	}
	if at := strings.LastIndexByte(rest[:end], '@'); at >= 0 {
		return hidden + rest[at:]
	}
	return rest
}

func isPort(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// Error returns err with no secret in what it says; nil for nil. What it wraps
// is as before.
func Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := Text(text); clean != text {
		return &redacted{clean, err}
	}
	return err
}

type redacted struct {
	text string
	err  error
}

func (r *redacted) Error() string { return r.text }
func (r *redacted) Unwrap() error { return r.err }
