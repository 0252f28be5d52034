//go:build cgo

package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/parquet-go/parquet-go"
	"github.com/rogpeppe/go-internal/txtar"

	"sojourn/extract"
	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
)

// The address that visitors of the samples below come from.
const canaryIP = "203.0.113.77"

// However a vendor writes the address of a visitor, it is in nothing that a run
// writes but in quarantine, where records lie as they came.
func TestNoVendorsIPIsStored(t *testing.T) {
	for _, name := range []string{"adobe", "amplitude", "ga4", "mixpanel", "posthog", "rudderstack", "segment", "snowplow"} {
		t.Run(name, func(t *testing.T) {
			sample, err := txtar.ParseFile("../../testdata/formats/" + name + ".txtar")
			if err != nil {
				t.Fatal(err)
			}
			dir, carried := t.TempDir(), 0
			for _, f := range sample.Files {
				text := string(f.Data)
				to := f.Name
				if strings.HasPrefix(to, "day/") || strings.HasPrefix(to, "next/") {
					to = "raw/" + to // what the story packs into archives
				}
				if strings.HasPrefix(to, "raw/") {
					with := withIP(to, text)
					carried += strings.Count(with, canaryIP)
					text = with
				}
				writeFile(t, filepath.Join(dir, filepath.FromSlash(to)), text)
			}
			if carried < 5 {
				t.Fatalf("the sample carries %d addresses: the test proves nothing", carried)
			}
			var stdout, stderr bytes.Buffer
			code := run(t.Context(), []string{"--config", filepath.Join(dir, "sojourn.yaml"), "-v", "run", "--date", "2026-01-31"}, &stdout, &stderr)
			if code != exitOK && code != exitUnreadable {
				t.Fatalf("exit status %d\n%s%s", code, &stdout, &stderr)
			}
			if strings.Contains(stdout.String(), "made") == (name == "ga4-intraday") {
				t.Fatalf("no day was made:\n%s", &stdout)
			}
			written := everything(t, filepath.Join(dir, "lake"))
			for _, name := range []string{"warehouse.duckdb"} {
				written[name] = readFile(t, filepath.Join(dir, name))
			}
			written["stdout"], written["stderr"] = stdout.String(), stderr.String()
			for name, text := range written {
				if !strings.HasPrefix(name, "quarantine/") && strings.Contains(text, canaryIP) {
					t.Errorf("%s has the address of a visitor", name)
				}
			}
		})
	}
}

// withIP is a raw object with the address in every place in which a vendor
// writes one.
func withIP(name, text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		columns := strings.Split(line, "\t")
		switch {
		case strings.HasPrefix(line, "{"):
			line = fmt.Sprintf(`{"ip":%q,"ip_address":%[1]q,"$ip":%[1]q,"client_ip":%[1]q,`, canaryIP) + line[1:]
			line = strings.ReplaceAll(line, `"context":{`, fmt.Sprintf(`"context":{"ip":%q,`, canaryIP))
			line = strings.ReplaceAll(line, `"properties":{`, fmt.Sprintf(`"properties":{"$ip":%q,"ip":%[1]q,`, canaryIP))
			line = strings.ReplaceAll(line, `"properties":"{`, fmt.Sprintf(`"properties":"{\"$ip\":\"%s\",`, canaryIP))
			line = strings.ReplaceAll(line, `"event_params":[`, fmt.Sprintf(`"event_params":[{"key":"ip","value":{"string_value":%q}},`, canaryIP))
			lines[i] = line
		case len(columns) == 131: // Snowplow's user_ipaddress
			columns[13] = canaryIP
			lines[i] = strings.Join(columns, "\t")
		case strings.HasSuffix(name, "column_headers.tsv") && line != "":
			lines[i] = line + "\tip\tpost_ip"
		case strings.Contains(name, "hit") && len(columns) > 5:
			lines[i] = line + "\t" + canaryIP + "\t" + canaryIP
		}
	}
	return strings.Join(lines, "\n")
}

// Secrets of the canary test: none of them may be in anything that is printed
// or written. What people's records say is in nothing but what the
// configuration admits.
var canaries = map[string]string{
	"the key of pseudonyms":      "canary-key-0123456789-0123456789-abcdef",
	"the key of AWS":             "canaryAwsSecret",
	"the session token of AWS":   "canaryAwsToken",
	"the key of Azure":           "Y2FuYXJ5QXp1cmVLZXk=",
	"the SAS token of Azure":     "sig=canaryAzureSas",
	"the credentials of Google":  "canary-google-credentials",
	"the token of BigQuery":      "canary-bigquery-token",
	"the user in a URL":          "canaryuser",
	"the password in a URL":      "canarypassword",
	"the id of a user":           "canary-ann-1042",
	"the id of a device":         "canary-phone-7",
	"an address of mail":         "canary.ann@example.com",
	"an address of the network":  canaryIP,
	"a screen that is not kept":  "Canary Inbox",
	"a value in a broken record": "canary-broken",
}

func TestCanariesAppearNowhere(t *testing.T) {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	if err := backend.CreateBucket("acme"); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": canaries["the key of AWS"], "AWS_SESSION_TOKEN": canaries["the session token of AWS"],
		"AWS_REGION": "eu-west-1", "AZURE_STORAGE_ACCOUNT": "acme", "AZURE_STORAGE_KEY": canaries["the key of Azure"],
		"AZURE_STORAGE_SAS_TOKEN": canaries["the SAS token of Azure"], "GOOGLE_APPLICATION_CREDENTIALS": canaries["the credentials of Google"],
		"BIGQUERY_TOKEN": canaries["the token of BigQuery"], "CANARY_PSEUDONYM_KEY": canaries["the key of pseudonyms"],
	} {
		t.Setenv(name, value)
	}
	at := func(prefix string) string {
		return "s3://acme/" + prefix + "?use_path_style=true&endpoint=" +
			strings.Replace(server.URL, "http://", "http://"+canaries["the user in a URL"]+":"+canaries["the password in a URL"]+"@", 1)
	}
	dir := t.TempDir()
	config := filepath.Join(dir, "sojourn.yaml")
	writeFile(t, config, fmt.Sprintf(`app: trailnotes
lake: %q
sources: [{name: app, url: %q, format: ndjson, properties: {plan: plan, mail: email}}]
warehouse: {duckdb: ./w.duckdb}
cuts: [platform]
max_bad_share: 90%%
privacy:
  pseudonyms: {key_env: CANARY_PSEUDONYM_KEY}
  keep: [platform, plan]
`, at("lake"), at("raw")))
	raw, err := bucket.Open(t.Context(), at("raw"), true, clouds.Version)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	record := func(minute int, more string) string {
		return fmt.Sprintf(`{"event_id":"canary-ann-1042-%d","user_id":"canary-ann-1042","device_id":"canary-phone-7","session_id":"canary-ann-1042.1",`+
			`"event_name":"open","timestamp":"2026-03-31T10:%02d:00Z","platform":"ios","plan":"gold","email":"canary.ann@example.com","ip":%q,"screen":"Canary Inbox"%s`,
			minute, minute, canaryIP, more)
	}
	lines := []string{
		record(0, "}"), record(1, "}"), record(2, `,"crash":"canary-broken"}`), record(3, "canary-broken"), `["canary-broken"]`,
		`{"event_name":"open","timestamp":"canary-broken","user_id":"canary-ann-1042"}`, `{"event_name":"open","timestamp":"2026-03-31T10:00:00Z","user_id":["canary-broken"]}`,
		`{"event_name":"open","timestamp":"2199-03-31T10:00:00Z","user_id":"canary-ann-1042"}`,
		`{"event_name":"open","timestamp":"2026-03-31T10:00:00Z","user_id":"canary-ann-1042","sequence":"canary-broken","engaged_ms":"canary-broken"}`,
		"{\"event_name\":\"open\",\"timestamp\":\"2026-03-31T10:00:00Z\",\"user_id\":\"canary-ann-1042\\u0000\"}",
	}
	putObject(t, raw, "a.ndjson", strings.Join(lines, "\n"))
	putObject(t, raw, "b.ndjson.gz", "\x1f\x8bcanary-broken")
	putObject(t, raw, "c.csv.br", "canary-broken")

	pseudonyms, err := extract.NewPseudonyms([]byte(canaries["the key of pseudonyms"]))
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	command := func(want int, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		args = append([]string{"--config", config, "-v", "--log-format", "json"}, args...)
		if code := run(t.Context(), args, &stdout, &stderr); code != want {
			t.Fatalf("%q: exit status %d, want %d\n%s%s", args, code, want, &stdout, &stderr)
		}
		written[fmt.Sprint("stdout of ", args[4:])], written[fmt.Sprint("stderr of ", args[4:])] = stdout.String(), stderr.String()
	}
	command(exitDiffers, "doctor")
	command(exitDiffers, "doctor", "--format", "json")
	command(exitOK, "plan")
	command(exitOK, "run", "--date", "2026-03-31")
	command(exitOK, "run", "--date", "2026-03-31")
	command(exitOK, "status")
	command(exitOK, "lock", "status")
	command(exitOK, "query", "SELECT * FROM sessions")
	command(exitOK, "query", "SELECT * FROM users")
	command(exitOK, "compare")
	command(exitOK, "explain", "user", pseudonyms.Of(canaries["the id of a user"]))
	command(exitOK, "explain", "user", canaries["the id of a user"])
	command(exitOK, "quarantine", "show")
	command(exitOK, "quarantine", "list")
	putObject(t, raw, "d.ndjson", record(4, "}"))
	command(exitOK, "backfill", "--from", "2026-03-31", "--to", "2026-03-31")
	for name, text := range written {
		if strings.Contains(name, "explain user canary") {
			delete(written, name)
			written[strings.ReplaceAll(name, canaries["the id of a user"], "ID")] = text
		}
	}

	lake, err := bucket.Open(t.Context(), at("lake"), false, clouds.Version)
	if err != nil {
		t.Fatal(err)
	}
	defer lake.Close()
	local := filepath.Join(dir, "copy")
	for o, err := range lake.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		data, err := lake.Read(t.Context(), o.Name)
		if err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(local, filepath.FromSlash(o.Name)), string(data))
	}
	for name, text := range everything(t, local) {
		written["lake "+name] = text
	}
	written["warehouse"] = readFile(t, filepath.Join(dir, "w.duckdb"))
	if everyone := fmt.Sprint(written); !strings.Contains(everyone, pseudonyms.Of(canaries["the id of a user"])) || !strings.Contains(everyone, "plan=gold") {
		t.Error("what should be there is not there: the test proves nothing")
	}

	// When things go wrong: the server away, a wrong place, a wrong setting beside
	// a secret.
	server.Close()
	for name, text := range map[string]string{
		"unavailable": readFile(t, config),
		"nowhere":     strings.Replace(readFile(t, config), "s3://acme/raw?", "s3x://canaryuser:canarypassword@acme/raw?canarypassword&", 1),
		"no URL":      strings.Replace(readFile(t, config), "s3://acme/raw?", "s3://canaryuser:canarypassword@acme/%zz?", 1),
		"no setting":  readFile(t, config) + "sesion: {}\n",
		"inside":      strings.Replace(readFile(t, config), "key_env: CANARY_PSEUDONYM_KEY", "key: "+canaries["the key of pseudonyms"], 1) + "sesion: {}\n",
	} {
		writeFile(t, config, text)
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), []string{"--config", config, "-v", "--log-format", "json", "run", "--date", "2026-03-31"}, &stdout, &stderr); code == exitOK {
			t.Errorf("%s: no failure", name)
		}
		written["output when "+name] = stdout.String() + stderr.String()
	}
	for name, text := range written {
		for _, id := range []string{canaries["the id of a user"], canaries["the id of a device"]} {
			if strings.HasPrefix(name, "stderr of") && strings.Contains(text, pseudonyms.Of(id)) {
				t.Errorf("%s: narration is about a user", name)
			}
		}
		for what, canary := range canaries {
			if strings.Contains(name, "canary") && what == "the id of a user" {
				continue
			}
			for _, form := range []string{canary, url.QueryEscape(canary)} { // as properties are kept
				i := strings.Index(text, form)
				if i < 0 {
					continue
				}
				t.Errorf("%s: shows %s: …%q…", name, what, text[max(0, i-60):min(len(text), i+80)])
			}
		}
	}
}

// everything is what the files of a directory say: their bytes, and of Parquet
// files also the values of all columns.
func everything(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		text := filepath.ToSlash(name) + "\n" + readFile(t, path)
		if filepath.Ext(path) == ".parquet" {
			text += parquetText(t, path)
		}
		all[filepath.ToSlash(name)] = text
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all) == 0 {
		t.Fatal("nothing was written")
	}
	return all
}

// parquetText is all values of a file, one a line.
func parquetText(t *testing.T, path string) string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	rows := parquet.NewReader(file)
	defer rows.Close()
	buffer := make([]parquet.Row, 64)
	for {
		n, err := rows.ReadRows(buffer)
		for _, row := range buffer[:n] {
			for _, v := range row {
				b.WriteString(v.String())
				b.WriteByte('\n')
			}
		}
		if err != nil || n == 0 {
			return b.String()
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func putObject(t *testing.T, b *bucket.Bucket, name, text string) {
	t.Helper()
	if err := b.Put(t.Context(), name, func(w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}
