package extract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
)

func TestValidateReportsEverything(t *testing.T) {
	for _, test := range []struct {
		name   string
		source extract.Source
		want   []string
	}{
		{"fields by their own names", extract.Source{Name: "app", Format: "csv"}, nil},
		{"a full mapping", minimalNamed("app"), nil},
		{"fixed places", extract.Source{Name: "app", Format: "ga4", Match: "**/*.json.gz"}, nil},
		{"nothing said", extract.Source{}, []string{
			`source "": no name`,
			`source "": format: unknown "": want one of ` + strings.Join(extract.Formats(), ", "),
		}},
		{"one place more in a product's records", extract.Source{Name: "app", Format: "ga4", Fields: map[string]extract.Field{
			"session_id": {Path: "visit"},
		}}, nil},
		{"a place of a time in a place", extract.Source{Name: "app", Format: "ga4", Fields: map[string]extract.Field{
			"timestamp": {Path: "t", Unit: "s", Zone: "Atlantis"}, "screen": {Path: "s", Zone: "UTC"},
		}}, []string{
			`source "app": fields: screen: has a zone, but is not a time`,
			`source "app": fields: timestamp: "Atlantis" is not a time zone: want an IANA name such as Europe/Lisbon or UTC`,
		}},
		{"units of offsets", extract.Source{Name: "app", Format: "ga4", Fields: map[string]extract.Field{
			"utc_offset": {Path: "o", Unit: "min"}, "received_at": {Path: "r", Unit: "min"}, "device_class": {Path: "d", Unit: "s"},
		}}, []string{
			`source "app": fields: device_class: has a unit, but is not a time`,
			`source "app": fields: received_at: unknown unit "min": want s, ms or us, or none for RFC 3339 text`,
		}},
		{"another unit of an offset", extract.Source{Name: "app", Format: "ga4", Fields: map[string]extract.Field{
			"utc_offset": {Path: "o", Unit: "ms"},
		}}, []string{
			`source "app": fields: utc_offset: unknown unit "ms": want s or min, or none for text such as +02:00 or Europe/Lisbon`,
		}},
		{"properties", extract.Source{Name: "app", Format: "mixpanel", Properties: map[string]string{"plan": "$plan", "Plan": "a.b", "genre": "", "city": "a..b"}}, []string{
			`source "app": properties: name "Plan": want lower-case letters, digits and underscores, a letter first, 64 at most`,
			`source "app": properties: city: path "a..b" has an empty name`,
			`source "app": properties: genre: path "" has an empty name`,
		}},
		{"properties of no place", extract.Source{Name: "app", Format: "snowplow", Properties: map[string]string{"plan": "plan"}}, []string{
			`source "app": properties: plan: "plan" is not a column of the enriched TSV: want one by its name, such as domain_sessionid, or contexts.SCHEMA.PROPERTY`,
		}},
		{"too many properties", extract.Source{Name: "app", Format: "csv", Properties: manyProperties(33)}, []string{
			`source "app": properties: 33 of them: want 32 at most`,
		}},
		{"as many properties as may be", extract.Source{Name: "app", Format: "csv", Properties: manyProperties(32)}, nil},
		{"everything wrong", extract.Source{Name: "app", Format: "ndjson", Match: "a/[", Fields: map[string]extract.Field{
			"usr":       {Path: "u"},
			"timestamp": {Path: "t", Unit: "min"},
			"screen":    {Path: "a..b", Unit: "s"},
			"country":   {},
		}}, []string{
			`source "app": match: "a/[" is not a pattern`,
			`source "app": fields: country: path "" has an empty name`,
			`source "app": fields: screen: path "a..b" has an empty name`,
			`source "app": fields: screen: has a unit, but is not a time`,
			`source "app": fields: timestamp: unknown unit "min": want s, ms or us, or none for RFC 3339 text`,
			`source "app": fields: unknown field "usr": want one of event_id, user_id, device_id, event_name, timestamp, received_at, client_timestamp, sent_at, sequence, ` +
				`session_id, screen, view_id, engaged_ms, crash, background, launch, new_session, platform, os_version, app_version, device_model, country, language, acquisition_source, campaign, device_class, utc_offset`,
			`source "app": fields: event_name is not mapped`,
			`source "app": fields: neither user_id nor device_id is mapped`,
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			if err := test.source.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func manyProperties(n int) map[string]string {
	properties := map[string]string{}
	for i := range n {
		properties[fmt.Sprintf("p%d", i)] = "x"
	}
	return properties
}

func minimalNamed(name string) extract.Source {
	source := minimal
	source.Name = name
	return source
}
