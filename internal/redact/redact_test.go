package redact_test

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sojourn/internal/redact"
)

func TestText(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"open s3://acme/raw: no such bucket", "open s3://acme/raw: no such bucket"},
		{"s3://acme/raw?region=eu-west-1&secret_key=hunter2", "s3://acme/raw?region=eu-west-1&xxxxx"},
		{`Get "https://acme.blob.core.windows.net/raw?comp=list&sv=2024&sig=hunter2%3D": dial tcp`, `Get "https://acme.blob.core.windows.net/raw?comp=list&xxxxx&xxxxx": dial tcp`},
		{"http://ann:hunter2@localhost:9000/raw", "http://xxxxx@localhost:9000/raw"},
		{"http://ann:hun/ter2@localhost:9000/raw", "http://xxxxx@localhost:9000/raw"},
		{"http://ann:hun@ter2@localhost/raw", "http://xxxxx@localhost/raw"},
		{"http://hunter2@localhost", "http://xxxxx@localhost"},
		{"gs://acme/users/ann@example.com.json", "gs://acme/users/ann@example.com.json"},
		{"http://[::1]:9000/raw@1", "http://[::1]:9000/raw@1"},
		{"https://host?hunter2", "https://host?xxxxx"},
		{"s3://b?endpoint=http://u:hunter2@h&token=hunter2#hunter2", "s3://b?endpoint=http://xxxxx@h&xxxxx"},
		{"no URL: a?b=c user:pass@host", "no URL: a?b=c user:pass@host"},
	} {
		if got := redact.Text(test.text); got != test.want {
			t.Errorf("%s\ngot  %s\nwant %s", test.text, got, test.want)
		}
	}
}

func TestLocation(t *testing.T) {
	for _, test := range []struct{ location, want string }{
		{"./raw?x", "./raw?x"},
		{"s3://acme/raw?region=eu&key=hunter2", "s3://acme/raw"},
		{"azblob://sig:hunter2@raw/", "azblob://xxxxx@raw/"},
		{"mem://", "mem://"},
	} {
		if got := redact.Location(test.location); got != test.want {
			t.Errorf("%s: %s, want %s", test.location, got, test.want)
		}
	}
}

// Whatever is put where secrets are in a URL does not come out.
func TestSecretsDoNotComeOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := rapid.StringMatching(`[A-Za-z0-9+/=:@%!*#]{0,6}hunter2[A-Za-z0-9+/=:@%!*#]{0,6}`).Draw(t, "secret")
		url := rapid.SampledFrom([]string{"s3://u:%s@h/p", "https://%s@h", "gs://b/p?sig=%s", "https://h/p?a=b&token=%s&region=eu", "azblob://b?%s"}).Draw(t, "url")
		if strings.HasSuffix(url, "@h") || strings.HasSuffix(url, "@h/p") {
			secret = strings.ReplaceAll(secret, "/", "") // after which nobody could tell it from a path
		}
		text := redact.Text("open " + fmt.Sprintf(url, secret) + ": no")
		if strings.Contains(text, "hunter2") {
			t.Fatalf("%s: %s", fmt.Sprintf(url, secret), text)
		}
	})
}

func TestError(t *testing.T) {
	err := redact.Error(fmt.Errorf("open http://a:hunter2@h/: %w", fs.ErrNotExist))
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
	if redact.Error(nil) != nil {
		t.Error("nil is an error")
	}
}
