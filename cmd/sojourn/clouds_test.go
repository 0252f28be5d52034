//go:build cgo

package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fsouza/fake-gcs-server/fakestorage"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/calendar"
	"sojourn/internal/generate"
	"sojourn/load"
	"sojourn/load/bigquery/bqtest"
)

// A place is where a project has its raw objects and its lake.
type place struct{ raw, lake string }

// The project of the tests below: a few days of generated events.
var sampleDays = generate.Options{Seed: 3, Users: 80, Days: 6, First: calendar.Date(2026, 3, 26), Zone: lisbon}

var lisbon = func() calendar.Zone {
	zone, err := calendar.LoadZone("Europe/Lisbon")
	if err != nil {
		panic(err)
	}
	return zone
}()

// writeProject writes generated raw objects to a place and a configuration
// into a new directory, and returns the configuration's path.
func writeProject(t *testing.T, at place, warehouse string) (config string) {
	t.Helper()
	raw, err := bucket.Open(t.Context(), at.raw, true, clouds.Version)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := generate.Write(t.Context(), raw, sampleDays); err != nil {
		t.Fatal(err)
	}
	config = filepath.Join(t.TempDir(), "sojourn.yaml")
	text := fmt.Sprintf(`
app: trailnotes
timezone: Europe/Lisbon
compare_definitions: [{preset: mixpanel}, {name: short, timeout: 5m}]
interventions: [{name: new way in, date: 2026-03-29, what: sign up later}]
lake: %q
sources: [{name: app, url: %q, format: ndjson, match: "events/**", properties: {network: properties.network}}]
warehouse: %s
max_bad_share: 10%%
session: {events: %s}
`, at.lake, at.raw, warehouse, oracleEvents) + allAsked
	if err := os.WriteFile(config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	return config
}

// sojourn runs a command that must succeed and returns what it prints.
func sojourn(t *testing.T, config string, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), append([]string{"--config", config}, args...), &stdout, &stderr); code != 0 {
		t.Fatalf("sojourn %s: exit status %d\n%s%s", strings.Join(args, " "), code, &stdout, &stderr)
	}
	return stdout.String()
}

// contents returns the rows of every published table, by table.
func contents(t *testing.T, config string) map[string]string {
	t.Helper()
	tables := map[string]string{}
	for _, table := range eventTables() {
		tables[table.Name] = sojourn(t, config, "query", "--format", "csv",
			fmt.Sprintf("SELECT * FROM %s ORDER BY %s", table.Name, strings.Join(table.Key, ", ")))
	}
	return tables
}

// eventTables are the tables that follow from the events: not those that tell
// which run made what and when, nor what arrived late, as nothing has.
func eventTables() []load.Table {
	return slices.DeleteFunc(load.Tables(), func(t load.Table) bool { return t.Name == "restatements" || t.Name == "late" })
}

func sameContents(t *testing.T, want, got map[string]string) {
	t.Helper()
	for name, rows := range want {
		if got[name] != rows {
			t.Errorf("table %s differs:\n%.2000s\nwant:\n%.2000s", name, got[name], rows)
		}
		if strings.Count(rows, "\n") < 2 {
			t.Errorf("table %s has no rows to compare", name)
		}
	}
}

// local is the project on disk, to compare with.
func local(t *testing.T) map[string]string {
	dir := t.TempDir()
	config := writeProject(t, place{filepath.Join(dir, "raw"), filepath.Join(dir, "lake")}, "{duckdb: ./w.duckdb}")
	sojourn(t, config, "run", "--date", "2026-03-31")
	return contents(t, config)
}

// startS3 starts a stand-in for S3 that has the bucket acme, and returns what
// URLs of it end with.
func startS3(t *testing.T) (query string) {
	t.Helper()
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	t.Cleanup(server.Close)
	if err := backend.CreateBucket("acme"); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "eu-west-1")
	return "?use_path_style=true&endpoint=" + server.URL
}

// startGCS starts a stand-in for Google Cloud Storage that has the bucket acme.
func startGCS(t *testing.T) *fakestorage.Server {
	t.Helper()
	// The client reads objects by another API than it lists them; both are
	// told apart by the host, which must be known before the server is made.
	server := httptest.NewUnstartedServer(nil)
	host := server.Listener.Addr().String()
	gcs, err := fakestorage.NewServerWithOptions(fakestorage.Options{
		NoListener: true, Scheme: "http", PublicHost: host, ExternalURL: "http://" + host, Writer: io.Discard,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(gcs.Stop)
	server.Config.Handler = gcs.HTTPHandler()
	server.Start()
	t.Cleanup(server.Close)
	t.Setenv("STORAGE_EMULATOR_HOST", host)
	gcs.CreateBucketWithOpts(fakestorage.CreateBucketOpts{Name: "acme"})
	return gcs
}

// The same night with raw objects and lake on S3 gives the same tables.
func TestS3LakeGivesTheSameTables(t *testing.T) {
	query := startS3(t)
	config := writeProject(t, place{"s3://acme/raw" + query, "s3://acme/lake" + query}, "{duckdb: ./w.duckdb}")
	sojourn(t, config, "run", "--date", "2026-03-31")
	sameContents(t, local(t), contents(t, config))
	if out := sojourn(t, config, "run", "--date", "2026-03-31"); out != "nothing to do\n" {
		t.Errorf("second run: %s", out)
	}
}

// The same night with raw objects and lake on Google Cloud Storage, published
// in BigQuery from there, gives the same tables.
func TestGoogleCloudGivesTheSameTables(t *testing.T) {
	gcs := startGCS(t)

	warehouse, err := bqtest.Start(func(_ context.Context, uri string) (io.ReadCloser, error) {
		name, found := strings.CutPrefix(uri, "gs://acme/")
		if !found {
			return nil, fmt.Errorf("%s is not in the bucket of this test", uri)
		}
		o, err := gcs.GetObject("acme", name)
		return io.NopCloser(bytes.NewReader(o.Content)), err
	})
	if err != nil {
		t.Fatal(err)
	}
	defer warehouse.Close()
	t.Setenv("BIGQUERY_EMULATOR_HOST", warehouse.Host())

	config := writeProject(t, place{"gs://acme/raw", "gs://acme/lake"}, "{bigquery: {project: acme, dataset: app, location: EU}}")
	sojourn(t, config, "run", "--date", "2026-03-31")
	fromLake := 0
	for _, job := range warehouse.Jobs() {
		if job.Reason != "" {
			t.Errorf("job %s: %s", job.ID, job.Reason)
		}
		if len(job.URIs) > 0 {
			fromLake++
		}
	}
	if days := 6; fromLake < days*7 {
		t.Errorf("%d loads straight from the lake, want one for each of 7 tables and %d days", fromLake, days)
	}
	if out := sojourn(t, config, "run", "--date", "2026-03-31"); out != "nothing to do\n" {
		t.Errorf("second run: %s", out)
	}

	dir := t.TempDir()
	here := writeProject(t, place{filepath.Join(dir, "raw"), filepath.Join(dir, "lake")}, "{duckdb: ./w.duckdb}")
	sojourn(t, here, "run", "--date", "2026-03-31")
	for _, table := range eventTables() {
		want := strings.TrimSpace(sojourn(t, here, "query", "--format", "csv", tableSum(table, table.Name)))
		_, want, _ = strings.Cut(want, "\n") // without the header
		rows, err := warehouse.Query(tableSum(table, "app."+table.Name))
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprintf("%v,%v", rows[0][0], rows[0][1]); got != want {
			t.Errorf("table %s: rows and digest are %s, want %s", table.Name, got, want)
		}
	}
}

// Objects are found and opened whatever their names: those of Amplitude have a
// #, which begins something else in a URL.
func TestCloudsTakeNamesAsTheyAre(t *testing.T) {
	query := startS3(t)
	startGCS(t)
	const object = "187520/187520_2026-01-30_9#1.json"
	const text = `{"uuid":"x","event_type":"tap","event_time":"2026-01-30 09:00:00.000000","amplitude_id":9}`
	for name, url := range map[string]string{
		"S3":           "s3://acme/raw" + query,
		"Google Cloud": "gs://acme/raw",
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := bucket.Open(t.Context(), url, false, clouds.Version)
			if err != nil {
				t.Fatal(err)
			}
			defer raw.Close()
			if err := raw.Put(t.Context(), object, func(w io.Writer) error {
				_, err := io.WriteString(w, text)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			config := filepath.Join(t.TempDir(), "sojourn.yaml")
			yaml := fmt.Sprintf("app: trailnotes\nsources: [{name: app, url: %q, format: amplitude, match: %q}]\nwarehouse: {duckdb: ./w.duckdb}\n",
				url, "*/*_2026-01-30_9#*.json")
			if err := os.WriteFile(config, []byte(yaml), 0o666); err != nil {
				t.Fatal(err)
			}
			sojourn(t, config, "run", "--date", "2026-01-30")
			if got := sojourn(t, config, "query", "--format", "csv", "SELECT user_id, event_count FROM sessions"); got != "user_id,event_count\n9,1\n" {
				t.Errorf("sessions:\n%s", got)
			}
		})
	}
}

// tableSum is a query for the number of rows of a table and a digest of them.
func tableSum(t load.Table, from string) string {
	var columns []string
	for _, c := range t.Columns {
		if c.Type == load.Timestamp {
			columns = append(columns, fmt.Sprintf("epoch_us(%s) AS %s", c.Name, c.Name))
		} else {
			columns = append(columns, c.Name)
		}
	}
	return fmt.Sprintf("SELECT COUNT(*), md5(string_agg(CAST(t AS VARCHAR), '|' ORDER BY CAST(t AS VARCHAR))) FROM (SELECT %s FROM %s) AS t",
		strings.Join(columns, ", "), from)
}
