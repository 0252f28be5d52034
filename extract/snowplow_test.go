package extract_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/extract"
)

var snowplow = extract.Source{Format: "snowplow"}

// Places of columns in an enriched event, counted from 0.
const (
	spAppID = iota
	spPlatform
	spEnriched
	spCollected
	spCreated
	spEvent
	spEventID

	spUserID          = 12
	spDomainUserID    = 15
	spNetworkUserID   = 17
	spCountry         = 18
	spPageURL         = 29
	spPageTitle       = 30
	spSource          = 48
	spCampaign        = 51
	spContexts        = 52
	spUnstruct        = 58
	spLanguage        = 83
	spSent            = 119
	spDerivedContexts = 122
	spDomainSession   = 123
	spDerived         = 124
	spVendor          = 125
	spName            = 126
	spFingerprint     = 129
	spTrue            = 130
)

// spColumns are an enriched event: texts by the place of their column.
type spColumns map[int]string

func (c spColumns) line() string {
	columns := make([]string, 131)
	for i, text := range c {
		columns[i] = text
	}
	return strings.Join(columns, "\t")
}

// with returns the event with other columns.
func (c spColumns) with(other spColumns) spColumns {
	c = maps.Clone(c)
	maps.Copy(c, other)
	return c
}

func spContextList(entities ...string) string {
	return `{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[` + strings.Join(entities, ",") + `]}`
}

func spUnstructured(event string) string {
	return `{"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0","data":` + event + `}`
}

func spEntity(schema, data string) string {
	return fmt.Sprintf(`{"schema":"iglu:%s","data":%s}`, schema, data)
}

const (
	spSession = `{"schema":"iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2","data":{"userId":"c4a1e6d0","sessionId":"6f0e2d9b",` +
		`"sessionIndex":12,"eventIndex":3,"previousSessionId":null,"storageMechanism":"LOCAL_STORAGE","firstEventId":"f2c70a14","firstEventTimestamp":"2026-10-01T11:58:03.118Z"}}`
	spPhone = `{"schema":"iglu:com.snowplowanalytics.snowplow/mobile_context/jsonschema/1-0-3","data":{"osType":"android","osVersion":"14",` +
		`"deviceManufacturer":"Google","deviceModel":"Pixel 7a","language":"pt","batteryLevel":81}}`
	spApp = `{"schema":"iglu:com.snowplowanalytics.mobile/application/jsonschema/1-0-0","data":{"version":"4.12.0","build":"41200"}}`
)

// spTap is the least that an event has.
var spTap = spColumns{
	spPlatform: "mob", spCollected: "2026-10-01 12:00:03.377", spDerived: "2026-10-01 12:00:01.626",
	spEvent: "unstruct", spEventID: "0b9e6c1e", spName: "tap", spDomainUserID: "d",
}

func TestSnowplowApp(t *testing.T) {
	got := stagedOne(t, snowplow, spColumns{
		spAppID: "trailnotes", spPlatform: "mob", spEnriched: "2026-10-01 12:00:04.902", spCollected: "2026-10-01 12:00:03.377",
		spCreated: "2026-10-01 12:00:00.250", spSent: "2026-10-01 12:00:02.001", spDerived: "2026-10-01 12:00:01.626",
		spEvent: "unstruct", spEventID: "0b9e6c1e", spFingerprint: "3e1b0c44", spUserID: "u_4182", spNetworkUserID: "7d1b2c55", spCountry: "PT",
		spContexts: spContextList(spSession, spPhone, spApp),
		spUnstruct: spUnstructured(spEntity("com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0", `{"name":"TripList","id":"a91f4c02"}`)),
		spVendor:   "com.snowplowanalytics.mobile", spName: "screen_view",
	}.line())
	want := "user=u_4182 device=c4a1e6d0 id=0b9e6c1e-3e1b0c44 received=1790856003377000 client=1790856000250000 sent=1790856002001000 sequence=3" +
		" session=6f0e2d9b screen=TripList view=a91f4c02 platform=android os=14 app=4.12.0 model=Pixel 7a country=PT language=pt"
	if describe(got) != want || got.At != 1790856001626000 || got.Name != "screen_view" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
}

func TestSnowplowWeb(t *testing.T) {
	got := stagedOne(t, snowplow, spColumns{
		spAppID: "trailnotes-web", spPlatform: "web", spCollected: "2026-10-01 12:00:03.377", spDerived: "2026-10-01 12:00:01.626",
		spEvent: "page_ping", spEventID: "0b9e6c1e", spDomainUserID: "d1c2", spNetworkUserID: "7d1b2c55", spCountry: "PT",
		spDomainSession: "5e5510", spPageURL: "https://example.com/trips?page=4", spPageTitle: "Trips", spSource: "google", spCampaign: "autumn", spLanguage: "pt-PT",
		spContexts: spContextList(spEntity("com.snowplowanalytics.snowplow/web_page/jsonschema/1-0-0", `{"id":"f00d"}`)),
		spVendor:   "com.snowplowanalytics.snowplow", spName: "page_ping",
	}.line())
	want := "device=d1c2 id=0b9e6c1e received=1790856003377000 session=5e5510 screen=https://example.com/trips?page=4 view=f00d" +
		" platform=web country=PT language=pt-PT source=google campaign=autumn"
	if describe(got) != want || got.At != 1790856001626000 || got.Name != "page_ping" {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
}

func TestSnowplowPlaces(t *testing.T) {
	const null = "00000000-0000-0000-0000-000000000000"
	contexts := func(entities ...string) spColumns { return spColumns{spContexts: spContextList(entities...)} }
	happened := func(schema, data string) spColumns {
		return spColumns{spUnstruct: spUnstructured(spEntity(schema, data))}
	}
	lifecycle := func(data string) spColumns {
		return contexts(spEntity("com.snowplowanalytics.mobile/application_lifecycle/jsonschema/1-0-0", data))
	}
	for _, test := range []struct {
		name   string
		change spColumns
		want   string
	}{
		{"the least", nil, "device=d"},
		{"no list of entities", spColumns{spContexts: spContextList()}, "device=d"},
		{"device of the collector's cookie", spColumns{spDomainUserID: "", spNetworkUserID: "n"}, "device=n"},
		{"device of the app before that of its web view", contexts(spSession), "device=c4a1e6d0 sequence=3 session=6f0e2d9b"},
		{"anonymous in the app, not in the web view",
			contexts(spEntity("com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2", `{"userId":"`+null+`","sessionId":"s"}`)), "device=d session=s"},
		{"anonymous for the collector, signed in", spColumns{spUserID: "u", spDomainUserID: "", spNetworkUserID: null}, "user=u"},
		{"first event of a session", contexts(spSession).with(spColumns{spEventID: "F2C70A14"}), "device=c4a1e6d0 sequence=3 session=6f0e2d9b new_session"},
		{"no id", spColumns{spEventID: ""}, "device=d"},
		{"screen of the screen view before", contexts(spEntity("com.snowplowanalytics.mobile/screen/jsonschema/1-0-0", `{"name":"Trip","id":"v"}`)),
			"device=d screen=Trip view=v"},
		{"escapes in two entities", contexts(spEntity("com.snowplowanalytics.mobile/screen/jsonschema/1-0-0", `{"name":"Tr\u00e4ume","id":"v"}`),
			spEntity("com.snowplowanalytics.mobile/application/jsonschema/1-0-0", `{"version":"4\/5"}`)), "device=d screen=Träume view=v app=4/5"},
		{"entity of another vendor", contexts(spEntity("com.acme/screen/jsonschema/1-0-0", `{"name":"Cinema 7"}`)), "device=d"},
		{"two screens", contexts(spEntity("com.snowplowanalytics.mobile/screen/jsonschema/1-0-0", `{"name":"first"}`),
			spEntity("com.snowplowanalytics.mobile/screen/jsonschema/1-0-0", `{"name":"second","id":"v"}`)), "device=d screen=first"},
		{"elements that are no entities", contexts(`1`, `null`, `[]`, `{}`, spApp), "device=d app=4.12.0"},
		{"app in the background", lifecycle(`{"isVisible":false,"index":4}`), "device=d background"},
		{"app in the foreground", lifecycle(`{"isVisible":true,"index":5}`), "device=d"},
		{"crash", happened("com.snowplowanalytics.snowplow/application_error/jsonschema/1-0-2", `{"message":"m","isFatal":true}`), "device=d crash"},
		{"error that was handled", happened("com.snowplowanalytics.snowplow/application_error/jsonschema/1-0-2", `{"message":"m","isFatal":false}`), "device=d"},
		{"fatal of another event", happened("com.acme/quiz_error/jsonschema/1-0-0", `{"isFatal":true}`), "device=d"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := stagedOne(t, snowplow, spTap.with(test.change).line())
			text := strings.NewReplacer(" id="+got.ID, "", " received=1790856003377000", "", " platform=mob", "").Replace(describe(got))
			if text != test.want {
				t.Errorf("got  %s\nwant %s", text, test.want)
			}
		})
	}
}

func TestSnowplowTime(t *testing.T) {
	const first = 1790856000000000 // 2026-10-01 12:00
	for _, test := range []struct {
		name             string
		change           spColumns
		at, client, sent int64
	}{
		{"corrected", spColumns{spDerived: "2026-10-01 12:00:01"}, first + 1e6, 0, 0},
		{"true time before the corrected one", spColumns{spDerived: "2026-10-01 12:00:01", spTrue: "2026-10-01 12:00:00.5"}, first + 5e5, 0, 0},
		{"neither", spColumns{spDerived: ""}, first + 3377000, 0, 0},
		{"sent by a clock that is a year behind", spColumns{spDerived: "2026-10-01 12:00:01", spCreated: "2025-10-01 12:00:00", spSent: "2025-10-01 12:00:02"},
			first + 1e6, first - 365*86400e6, first + 2e6 - 365*86400e6},
		{"a clock that was never set", spColumns{spDerived: "2026-10-01 12:00:01", spCreated: "1970-01-01 00:00:00"}, first + 1e6, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := stagedOne(t, snowplow, spTap.with(test.change).line())
			if got.At != test.at || got.ClientAt != test.client || got.SentAt != test.sent || got.ReceivedAt != first+3377000 {
				t.Errorf("at %d, client %d, sent %d, received %d; want %d, %d, %d", got.At, got.ClientAt, got.SentAt, got.ReceivedAt, test.at, test.client, test.sent)
			}
		})
	}
}

// The name is the vendor's; without one, as long ago, it is what the event
// says it is.
func TestSnowplowName(t *testing.T) {
	for _, test := range []struct {
		change spColumns
		want   string
	}{
		{spColumns{spEvent: "unstruct", spName: "deep_link_received"}, "deep_link_received"},
		{spColumns{spEvent: "unstruct", spName: "application_install"}, "application_install"},
		{spColumns{spEvent: "page_ping", spName: ""}, "page_ping"},
		{spColumns{spEvent: "struct", spName: ""}, "event"},
		{spColumns{spEvent: "unstruct", spName: "", spUnstruct: spUnstructured(spEntity("com.acme/trip_saved/jsonschema/1-0-0", `{}`))}, "trip_saved"},
	} {
		if got := stagedOne(t, snowplow, spTap.with(test.change).line()).Name; got != test.want {
			t.Errorf("%v: name %q, want %q", test.change, got, test.want)
		}
	}
}

// An event that was delivered twice has the id and the digest of the first;
// robots use ids again for other events.
func TestSnowplowIdentity(t *testing.T) {
	event := spTap.with(spColumns{spFingerprint: "f1"})
	id := stagedOne(t, snowplow, event.line()).ID
	again := event.with(spColumns{spEnriched: "2026-10-01 13:00:00", spCollected: "2026-10-01 12:59:00", spDerived: "2026-10-01 12:00:01.7"})
	if got := stagedOne(t, snowplow, again.line()).ID; got != id {
		t.Errorf("delivered again: id %s, want %s", got, id)
	}
	for _, other := range []spColumns{{spFingerprint: "f2"}, {spFingerprint: ""}, {spEventID: "0b9e6c1f"}} {
		if got := stagedOne(t, snowplow, event.with(other).line()).ID; got == id {
			t.Errorf("%v: the id is the same", other)
		}
	}
}

func TestSnowplowFields(t *testing.T) {
	source := extract.Source{Format: "snowplow", Fields: map[string]extract.Field{
		"event_name": {Path: "se_action"}, "session_id": {Path: "domain_sessionidx"}, "timestamp": {Path: "dvce_created_tstamp"},
		"screen": {Path: `contexts.com\.acme/page.section.name`}, "view_id": {Path: "contexts.page.n"},
		"campaign": {Path: "derived_contexts.campaign_attribution.mktCampaign"}, "device_model": {Path: "unstruct_event.tap.thing"},
		"os_version": {Path: "os_timezone"}, "engaged_ms": {Path: "contexts.page.ms"},
	}, Clock: extract.Clock{Correct: true}}
	mapped := spTap.with(spColumns{
		54: "save", 16: "7", spDomainSession: "5e5510", spCreated: "2025-10-01 12:00:00", spSent: "2025-10-01 12:00:01.377",
		spContexts: spContextList(spEntity("org.other/page/jsonschema/1-0-0", `{"section":{"name":"theirs"},"n":2,"ms":40}`),
			spEntity("com.acme/page/jsonschema/2-0-0", `{"section":{"name":"ours"},"n":3,"ms":50}`)),
		spUnstruct:        spUnstructured(spEntity("com.acme/tap/jsonschema/1-0-0", `{"thing":"Tablet"}`)),
		spDerivedContexts: spContextList(spEntity("com.acme/campaign_attribution/jsonschema/1-0-0", `{"mktCampaign":"autumn"}`)),
	})
	got := stagedOne(t, source, mapped.line())
	want := "device=d id=0b9e6c1e received=1790856003377000 client=1759320000000000 sent=1759320001377000 session=7 screen=ours view=2 platform=mob model=Tablet campaign=autumn engaged=40"
	if describe(got) != want || got.Name != "save" || got.At != 1790856002000000 {
		t.Errorf("got  %s %d %s\nwant %s", got.Name, got.At, describe(got), want)
	}
	// Where a place says nothing, Snowplow's own counts, but for times.
	got = stagedOne(t, source, spTap.with(spColumns{spDomainSession: "5e5510", spCreated: "2026-10-01 12:00:00"}).line())
	if want := "device=d id=0b9e6c1e received=1790856003377000 session=5e5510 platform=mob engaged=0"; describe(got) != want || got.Name != "tap" {
		t.Errorf("got  %s %s\nwant %s", got.Name, describe(got), want)
	}
	_, rejects := staged(t, source, spTap.line())
	if diff := cmp.Diff([]string{"1 missing_timestamp: timestamp (dvce_created_tstamp) is missing or empty"}, rejects); diff != "" {
		t.Errorf("in quarantine (-want +got):\n%s", diff)
	}
}

// An event has nothing of the one before it.
func TestSnowplowEventsAreSeparate(t *testing.T) {
	whole := spTap.with(spColumns{spContexts: spContextList(spSession, spPhone, spApp), spUserID: "u", spEventID: "1"})
	lines := []string{whole.line(), spTap.with(spColumns{spEventID: "2", spContexts: spContextList(spApp)}).line(), spTap.with(spColumns{spEventID: "3"}).line()}
	events, _ := staged(t, snowplow, strings.Join(lines, "\n"))
	want := []string{"/d tap 1790856001626000 id=2 in:2", "/d tap 1790856001626000 id=3 in:3", "u/c4a1e6d0 tap 1790856001626000 id=1 in:1"}
	slices.Sort(events)
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestSnowplowValidate(t *testing.T) {
	err := extract.Source{Name: "app", Format: "snowplow", Clock: extract.Clock{Correct: true}, Fields: map[string]extract.Field{
		"country": {Path: "geo_cuntry"}, "user_id": {Path: "user_id.id"}, "screen": {Path: "contexts.screen"},
		"session_id": {Path: "domain_sessionid"}, "view_id": {Path: "contexts.web_page.id"},
	}}.Validate()
	if err == nil {
		t.Fatal("valid")
	}
	want := []string{
		`source "app": clock: correct: the server of snowplow has corrected timestamp already: leave it out, or name the place of the uncorrected time as that of timestamp`,
		`source "app": fields: user_id: column user_id has no id: only contexts, derived_contexts and unstruct_event have something inside`,
		`source "app": fields: screen: "contexts.screen" is not a value: want a schema and a property after the column, as in contexts.client_session.sessionId`,
		`source "app": fields: country: "geo_cuntry" is not a column of the enriched TSV: want one by its name, such as domain_sessionid, or contexts.SCHEMA.PROPERTY`,
	}
	if diff := cmp.Diff(want, strings.Split(err.Error(), "\n")); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestSnowplowRejects(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"a column too few", strings.TrimSuffix(spTap.line(), "\t"), "bad_tsv: want the 131 columns of an enriched event, found 130"},
		{"a column too many", spTap.line() + "\t", "bad_tsv: want the 131 columns of an enriched event, found 132"},
		{"JSON", `{"event_id":"1"}`, "bad_tsv: want the 131 columns of an enriched event, found 1: objects in { } are read by the formats of JSON lines, such as ndjson"},
		{"text", "hello", "bad_tsv: want the 131 columns of an enriched event, found 1"},
		{"another product", ga4View, "wrong_format: this is a record of ga4, not of snowplow: is the source's format right, and its match?"},
		{"no subject", spTap.with(spColumns{spDomainUserID: ""}).line(),
			"missing_subject: user_id and device_id (contexts.client_session.userId, domain_userid, network_userid) are missing or empty: want one of them"},
		{"bad time", spTap.with(spColumns{spDerived: "yesterday"}).line(),
			`bad_timestamp: timestamp (true_tstamp, derived_tstamp, collector_tstamp) is "yesterday", want a time such as 2026-10-01T12:00:00Z`},
		{"bad JSON", spTap.with(spColumns{spContexts: spContextList(spApp)[:180]}).line(), "bad_json: contexts: the text ends inside quotes at byte 181"},
		{"bad JSON of the event", spTap.with(spColumns{spUnstruct: `{"data":`}).line(), "bad_json: unstruct_event: the text ends where a value should be at byte 9"},
		{"a list for an object", spTap.with(spColumns{spContexts: `[1]`}).line(), `wrong_type: contexts begins with "[1]", want an object with schema and data`},
		{"an object for a list", spTap.with(spColumns{spContexts: spUnstructured("{}")}).line(), "wrong_type: contexts.data is an object, want a list"},
		{"an entity that is none", spTap.with(spColumns{spContexts: spContextList(spEntity("com.snowplowanalytics.mobile/application/jsonschema/1-0-0", `[]`))}).line(),
			"wrong_type: contexts.application is a list, want an object"},
		{"an event that is none", spTap.with(spColumns{spUnstruct: spUnstructured(spEntity("com.snowplowanalytics.mobile/screen_view/jsonschema/1-0-0", `7`))}).line(),
			"wrong_type: unstruct_event.screen_view is a number, want an object"},
	} {
		t.Run(test.name, func(t *testing.T) {
			events, rejects := staged(t, snowplow, test.line)
			if diff := cmp.Diff([]string{"1 " + test.want}, rejects); diff != "" || len(events) > 0 {
				t.Errorf("%d events; in quarantine (-want +got):\n%s", len(events), diff)
			}
		})
	}
}

// What is wrong with entities that nobody asked for is nobody's business.
func TestSnowplowReadsWhatIsWanted(t *testing.T) {
	stagedOne(t, snowplow, spTap.with(spColumns{spDerivedContexts: "{"}).line())
}

func TestSnowplowGivenToAnotherFormat(t *testing.T) {
	for _, format := range []string{"ga4", "ndjson"} {
		_, rejects := staged(t, extract.Source{Format: format}, spTap.line())
		want := "1 wrong_format: this is a record of snowplow, not of " + format + ": is the source's format right, and its match?"
		if diff := cmp.Diff([]string{want}, rejects); diff != "" {
			t.Errorf("%s: in quarantine (-want +got):\n%s", format, diff)
		}
	}
}
