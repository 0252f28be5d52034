package extract

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"

	"github.com/zeebo/xxh3"
)

// The places of a Firebase or GA4 export that are read, in the order of ga4Paths.
const (
	ga4Name = iota
	ga4Timestamp
	ga4User
	ga4Device
	ga4Params
	ga4Platform
	ga4OSVersion
	ga4AppVersion
	ga4DeviceModel
	ga4Country
	ga4Language
	ga4ManualSource
	ga4Source
	ga4ManualCampaign
	ga4Campaign
	ga4Stream
	ga4Bundle
	ga4BatchEvent
	ga4BatchOrdering
	ga4BatchPage
	ga4Category
	ga4Offset

	ga4Places
)

func ga4Paths() []string {
	return []string{
		"event_name",
		"event_timestamp",
		"user_id",
		"user_pseudo_id",
		"event_params",
		"platform",
		"device.operating_system_version",
		"app_info.version",
		"device.mobile_model_name",
		"geo.country",
		"device.language",
		"collected_traffic_source.manual_source",
		"traffic_source.source",
		"collected_traffic_source.manual_campaign_name",
		"traffic_source.name",
		"stream_id",
		"event_bundle_sequence_id",
		"batch_event_index",
		"batch_ordering_id",
		"batch_page_id",
		"device.category",
		"device.time_zone_offset_seconds",
	}
}

// ga4Fields are the names that the export has for our fields, for messages.
func ga4Fields() map[string]Field {
	return map[string]Field{
		"event_name":         {Path: "event_name"},
		"timestamp":          {Path: "event_timestamp", Unit: "us"},
		"user_id":            {Path: "user_id"},
		"device_id":          {Path: "user_pseudo_id"},
		"session_id":         {Path: "event_params.ga_session_id"},
		"screen":             {Path: "event_params"},
		"engaged_ms":         {Path: "event_params.engagement_time_msec"},
		"crash":              {Path: "event_params.fatal"},
		"background":         {Path: "event_name"},
		"platform":           {Path: "platform"},
		"os_version":         {Path: "device.operating_system_version"},
		"app_version":        {Path: "app_info.version"},
		"device_model":       {Path: "device.mobile_model_name"},
		"country":            {Path: "geo.country"},
		"language":           {Path: "device.language"},
		"acquisition_source": {Path: "traffic_source"},
		"campaign":           {Path: "traffic_source"},
		"device_class":       {Path: "device.category"},
		"utc_offset":         {Path: "device.time_zone_offset_seconds", Unit: "s"},
	}
}

// ga4Product is the Firebase or GA4 BigQuery export. Integers may be quoted.
// The export has no event ids: events are known by everything that tells one
// from another.
func ga4Product() product {
	return product{
		name: "ga4", paths: ga4Paths(), fields: ga4Fields(),
		keyed: []string{"event_params", "user_properties"},
		is: func(v []value) bool {
			return v[ga4Name].known() && v[ga4Timestamp].known() && v[ga4Params].kind != absent
		},
		objects:     ga4Objects,
		subjectless: "a user who gave no consent has neither",
		assembler: func() assembler {
			g := &ga4{params: newGA4Parameters()}
			return g.assemble
		},
	}
}

// The tables of an export are named by date: the daily one takes the place of
// what was streamed during the day. One bucket may have the data sets of
// several properties. Tables of users have no events.
var (
	ga4Tables     = regexp.MustCompile(`events_(intraday_|fresh_)?(\d{8})`)
	ga4Properties = regexp.MustCompile(`analytics_\d+`)
	ga4Users      = regexp.MustCompile(`(^|[^a-z_])(pseudonymous_)?users_\d{8}`)
)

func ga4Objects(name string) objectRole {
	if table := ga4Tables.FindStringSubmatch(name); table != nil {
		return objectRole{edition: ga4Properties.FindString(name) + "/" + table[2], provisional: table[1] != ""}
	}
	if ga4Users.MatchString(name) {
		return objectRole{contents: noData}
	}
	return objectRole{}
}

// inBackground says whether an event is one that the SDK, or a store, reports
// while nobody uses the app (support.google.com/analytics/answer/9234069).
// Events of the app's own that it logs in the background cannot be told.
func inBackground(name []byte) bool {
	switch string(name) {
	case "notification_receive", "notification_dismiss",
		"app_remove", "app_clear_data", "app_update", "os_update",
		"app_store_refund", "app_store_subscription_cancel", "app_store_subscription_convert", "app_store_subscription_renew":
		return true
	}
	return false
}

type ga4 struct {
	values []value
	params ga4Parameters
	id     []byte
}

func (g *ga4) assemble(v []value, fields *[fieldCount]value) *flaw {
	if flaw := g.params.read(v[ga4Params]); flaw != nil {
		return flaw
	}
	g.values = v
	p := &g.params
	*fields = [fieldCount]value{
		eventID:           {kind: text, bytes: g.digest()},
		userID:            v[ga4User],
		deviceID:          v[ga4Device],
		eventName:         v[ga4Name],
		timestamp:         v[ga4Timestamp],
		sessionID:         p.sessionID,
		screen:            firstKnown(p.screen, p.screenClass, p.pageLocation),
		engagedMillis:     p.engagedMillis,
		platform:          v[ga4Platform],
		osVersion:         v[ga4OSVersion],
		appVersion:        v[ga4AppVersion],
		deviceModel:       v[ga4DeviceModel],
		country:           v[ga4Country],
		language:          v[ga4Language],
		acquisitionSource: firstKnown(v[ga4ManualSource], v[ga4Source]),
		campaign:          firstKnown(v[ga4ManualCampaign], v[ga4Campaign]),
		deviceClass:       v[ga4Category],
		utcOffset:         v[ga4Offset],
	}
	if string(v[ga4Name].bytes) == "app_exception" {
		fields[crashed] = p.fatal
	}
	// An event that asks to extend the session counts as use
	// (support.google.com/analytics/answer/9191807).
	if inBackground(v[ga4Name].bytes) && string(p.extends.bytes) != "1" {
		fields[background] = value{kind: boolean, bytes: []byte("true")}
	}
	return nil
}

// digest identifies the event, whatever the order of its parameters and
// whether its integers are quoted.
func (g *ga4) digest() []byte {
	b := g.id[:0]
	for _, i := range [...]int{
		ga4Name, ga4Timestamp, ga4Device, ga4User, ga4Stream,
		ga4Bundle, ga4BatchEvent, ga4BatchOrdering, ga4BatchPage,
	} {
		b = appendDigested(b, g.values[i])
	}
	b = binary.LittleEndian.AppendUint64(b, g.params.sum.Hi)
	b = binary.LittleEndian.AppendUint64(b, g.params.sum.Lo)
	sum := xxh3.Hash128(b).Bytes()
	b = hex.AppendEncode(b[:0], sum[:])
	g.id = b
	return b
}

// appendDigested appends a value such that no two lists of values are the same.
func appendDigested(b []byte, v value) []byte {
	if !v.known() {
		return binary.AppendUvarint(b, 0)
	}
	b = binary.AppendUvarint(b, uint64(len(v.bytes))+1)
	return append(b, v.bytes...)
}

// ga4Parameters are the parameters of one event.
type ga4Parameters struct {
	scan    scanner
	root    *node
	element [5]value // key and the four types of values
	scratch []byte
	decimal []byte // numbers of this record as they are compared

	sum xxh3.Uint128 // of the digests of all parameters: their order does not count

	sessionID, screen, screenClass, pageLocation, engagedMillis, fatal, extends value
}

func newGA4Parameters() ga4Parameters {
	return ga4Parameters{root: newNode(keyedPaths())}
}

// read reads event_params, a list of objects with key and value.
func (p *ga4Parameters) read(list value) *flaw {
	*p = ga4Parameters{scan: p.scan, root: p.root, scratch: p.scratch, decimal: p.decimal[:0]}
	switch list.kind {
	case array:
	case absent, null:
		return nil
	default:
		return &flaw{wrongType, fmt.Sprintf("event_params is %s, want a list", list.kind)}
	}
	for p.scan.begin(list.bytes); p.scan.element(p.root, p.element[:]); {
		p.add()
	}
	return nil
}

// add takes the parameter in element.
func (p *ga4Parameters) add() {
	if whole := &p.element[2]; whole.known() && whole.kind == text {
		whole.kind = number // dumps in JSON put 64-bit integers in quotes
	}
	p.plain(&p.element[3])
	p.plain(&p.element[4])
	v := firstKnown(p.element[1:]...)
	switch string(p.element[0].bytes) {
	case "ga_session_id":
		p.sessionID = v
	case "firebase_screen":
		p.screen = v
	case "firebase_screen_class":
		p.screenClass = v
	case "page_location":
		p.pageLocation = v
	case "engagement_time_msec":
		p.engagedMillis = v
	case "fatal":
		p.fatal = v
	case "extend_session":
		p.extends = v
	}
	b := p.scratch[:0]
	for _, v := range p.element {
		b = appendDigested(b, v)
	}
	p.scratch = b
	sum := xxh3.Hash128(b)
	p.sum.Hi += sum.Hi
	p.sum.Lo += sum.Lo
}

// plain writes a number with decimals in one way: 12.50 and 1.25E1 are equal.
func (p *ga4Parameters) plain(v *value) {
	if v.kind != number {
		return
	}
	f, err := strconv.ParseFloat(string(v.bytes), 64)
	if err != nil {
		return
	}
	start := len(p.decimal)
	p.decimal = strconv.AppendFloat(p.decimal, f, 'f', -1, 64)
	v.bytes = p.decimal[start:len(p.decimal):len(p.decimal)]
}
