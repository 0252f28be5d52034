//go:build cgo

package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// An archive of Segment has its objects stored as gzip and marked as encoded so,
// which the client of Google Cloud Storage undoes on the way and that of S3 does
// not. Both read the same events.
func TestContentEncodingDoesNotShow(t *testing.T) {
	const (
		name   = "segment-logs/kLTd/1769731200000/1769767500000.gz"
		record = `{"type":"screen","name":"Map","messageId":"%d","anonymousId":"a","timestamp":"2026-01-30T10:00:0%dZ"}` + "\n"
		want   = "device_id,event_count\na,2\n"
	)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	fmt.Fprintf(w, record+record, 1, 1, 2, 2)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sessions := func(t *testing.T, url string) {
		config := filepath.Join(t.TempDir(), "sojourn.yaml")
		text := fmt.Sprintf("app: trailnotes\nlake: ./lake\nsources: [{name: app, url: %q, format: segment}]\nwarehouse: {duckdb: ./w.duckdb}\n", url)
		if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		sojourn(t, config, "run", "--date", "2026-01-30")
		if got := sojourn(t, config, "query", "--format", "csv", "SELECT device_id, event_count FROM sessions"); got != want {
			t.Errorf("sessions:\n%swant:\n%s", got, want)
		}
	}

	t.Run("Google Cloud Storage", func(t *testing.T) {
		server := httptest.NewUnstartedServer(nil)
		host := server.Listener.Addr().String()
		gcs, err := fakestorage.NewServerWithOptions(fakestorage.Options{
			NoListener: true, Scheme: "http", PublicHost: host, ExternalURL: "http://" + host, Writer: io.Discard,
		})
		if err != nil {
			t.Fatal(err)
		}
		defer gcs.Stop()
		server.Config.Handler = gcs.HTTPHandler()
		server.Start()
		defer server.Close()
		t.Setenv("STORAGE_EMULATOR_HOST", host)
		gcs.CreateObject(fakestorage.Object{
			ObjectAttrs: fakestorage.ObjectAttrs{BucketName: "acme", Name: name, ContentType: "text/plain", ContentEncoding: "gzip"},
			Content:     packed.Bytes(),
		})
		sessions(t, "gs://acme")
	})

	t.Run("S3", func(t *testing.T) {
		backend := s3mem.New()
		server := httptest.NewServer(gofakes3.New(backend).Server())
		defer server.Close()
		if err := backend.CreateBucket("acme"); err != nil {
			t.Fatal(err)
		}
		_, err := backend.PutObject("acme", name, map[string]string{"Content-Type": "text/plain", "Content-Encoding": "gzip"},
			bytes.NewReader(packed.Bytes()), int64(packed.Len()), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Setenv("AWS_ACCESS_KEY_ID", "test")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
		t.Setenv("AWS_REGION", "eu-west-1")
		sessions(t, "s3://acme?use_path_style=true&endpoint="+server.URL)
	})
}
