package extract

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"sojourn/transform"
)

// snowplowPlaces returns where the enriched TSV of Snowplow has our fields.
// Of several places the first that says anything counts: what a tracker of
// apps puts into an entity comes before what a web tracker puts into columns.
//
// Time is what Snowplow has made of the device's claim: true_tstamp if the
// tracker vouches for it, else derived_tstamp, which is received − (sent −
// claimed). When an app was launched and how long it was in use is not in an
// event: a screen_summary tells the time of its screen so far, so that those
// of a screen do not add up.
func snowplowPlaces() [fieldCount][]string {
	return [fieldCount][]string{
		userID:          {"user_id"},
		deviceID:        {"contexts.client_session.userId", "domain_userid", "network_userid"},
		eventName:       {"event_name"},
		timestamp:       {"true_tstamp", "derived_tstamp", "collector_tstamp"},
		receivedAt:      {"collector_tstamp"},
		clientTimestamp: {"dvce_created_tstamp"},
		sentAt:          {"dvce_sent_tstamp"},
		sequence:        {"contexts.client_session.eventIndex"},
		sessionID:       {"contexts.client_session.sessionId", "domain_sessionid"},
		screen:          {"unstruct_event.screen_view.name", "contexts.screen.name", "page_url"},
		viewID:          {"unstruct_event.screen_view.id", "contexts.screen.id", "contexts.web_page.id"},
		crashed:         {"unstruct_event.application_error.isFatal"},

		platform:          {"contexts.mobile_context.osType", "platform"},
		osVersion:         {"contexts.mobile_context.osVersion"},
		appVersion:        {"contexts.application.version"},
		deviceModel:       {"contexts.mobile_context.deviceModel"},
		country:           {"geo_country"},
		language:          {"contexts.mobile_context.language", "br_lang"},
		acquisitionSource: {"mkt_source"},
		campaign:          {"mkt_campaign"},
		deviceClass:       {"dvce_type"},
		utcOffset:         {"os_timezone"},
	}
}

// readSnowplow reads an object with one enriched event a line, as tab-separated
// columns without a header.
func readSnowplow(ctx context.Context, data io.Reader, r *reading) error {
	return eachLine(ctx, data, r, newSnowplow(r).event)
}

// A snowplow makes events of enriched events.
type snowplow struct {
	judge   *judge
	columns [snowplowWidth]value
	wanted  []int // columns that are read, in order
	json    []*snowplowJSON
	places  [fieldCount][]*value // where the values of each field are, the first that is known counts

	properties []*value // where those of the user's own are

	eventID, fingerprint, kind, firstEvent, visible *value

	id []byte
}

func newSnowplow(r *reading) *snowplow {
	s := &snowplow{}
	fields := map[string]Field{}
	for i, paths := range snowplowPlaces() {
		if len(paths) > 0 {
			fields[field(i).String()] = Field{Path: strings.Join(paths, ", ")}
		}
		for _, path := range paths {
			s.places[i] = append(s.places[i], s.want(path, true))
		}
	}
	maps.Copy(fields, r.source.Fields)
	for _, p := range r.source.configured() {
		to := []*value{s.want(p.path, false)}
		if !p.field.hasUnit() { // unit and zone hold for their place alone
			to = append(to, s.places[p.field]...)
		}
		s.places[p.field] = to
	}
	s.eventID = s.want("event_id", true)
	s.fingerprint = s.want("event_fingerprint", true)
	s.kind = s.want("event", true)
	s.firstEvent = s.want("contexts.client_session.firstEventId", true)
	s.visible = s.want("contexts.application_lifecycle.isVisible", true)
	for _, path := range r.source.propertyPaths() {
		s.properties = append(s.properties, s.want(path, false))
	}
	s.judge = newJudge(r.source.placed(fields), r.now, r.texts)
	return s
}

// want returns where the value of a valid place will be; own says that its
// schema must be one of Snowplow's.
func (s *snowplow) want(path string, own bool) *value {
	place, err := parseSnowplowPlace(path)
	if err != nil {
		return &value{} // of a source that has not been validated
	}
	if !slices.Contains(s.wanted, place.column) {
		s.wanted = append(s.wanted, place.column)
		slices.Sort(s.wanted)
	}
	column := &s.columns[place.column]
	if place.schema == "" {
		return column
	}
	for _, j := range s.json {
		if j.column == column {
			return j.want(place.schema, place.property, own)
		}
	}
	j := newSnowplowJSON(place.name, column)
	s.json = append(s.json, j)
	return j.want(place.schema, place.property, own)
}

// event makes an event of a line.
func (s *snowplow) event(line []byte, e *transform.Event) *flaw {
	if flaw := s.split(line); flaw != nil {
		return flaw
	}
	for _, j := range s.json {
		if flaw := j.read(); flaw != nil {
			return flaw
		}
	}
	var v [fieldCount]value
	for f, places := range s.places {
		for _, p := range places {
			if p.known() && !isNobody(field(f), p.bytes) {
				v[f] = *p
				break
			}
		}
	}
	if !v[eventID].known() {
		v[eventID] = s.identity()
	}
	if !v[eventName].known() {
		v[eventName] = s.legacyName()
	}
	if first := s.firstEvent.bytes; len(first) > 0 && bytes.EqualFold(first, s.eventID.bytes) {
		v[newSession] = firstKnown(v[newSession], value{kind: boolean, bytes: []byte("true")})
	}
	if s.visible.kind == boolean && s.visible.bytes[0] == 'f' {
		v[background] = firstKnown(v[background], value{kind: boolean, bytes: []byte("true")})
	}
	for i, p := range s.properties {
		s.judge.kept.values[i] = *p
	}
	return s.judge.event(&v, e)
}

// split cuts a line into the columns that are wanted.
func (s *snowplow) split(line []byte) *flaw {
	next := s.wanted
	rest := line
	for i := range snowplowWidth {
		column := rest
		tab := bytes.IndexByte(rest, '\t')
		if tab >= 0 {
			column, rest = rest[:tab], rest[tab+1:]
		}
		if (tab >= 0) != (i < snowplowWidth-1) {
			return notSnowplow(line)
		}
		if len(next) > 0 && next[0] == i {
			s.columns[i] = value{kind: text, bytes: column}
			next = next[1:]
		}
	}
	return nil
}

// notSnowplow is the flaw of a line that has not the columns of an enriched
// event.
func notSnowplow(line []byte) *flaw {
	if flaw := mistaken(line, "snowplow"); flaw != nil {
		return flaw
	}
	f := &flaw{badTSV, fmt.Sprintf("want the %d columns of an enriched event, found %d", snowplowWidth, bytes.Count(line, []byte{'\t'})+1)}
	if bytes.HasPrefix(bytes.TrimSpace(line), []byte{'{'}) {
		f.detail += ": objects in { } are read by the formats of JSON lines, such as ndjson"
	}
	return f
}

// isNobody says whether the value of an id stands for all users who are
// tracked anonymously: trackers and collectors then write the null UUID.
func isNobody(f field, id []byte) bool {
	return (f == userID || f == deviceID) && string(id) == "00000000-0000-0000-0000-000000000000"
}

// identity is what tells an event from another: its id, and the digest of what
// was tracked. Two events of one id and another digest are not the same:
// robots and broken trackers use ids again (docs.snowplow.io, deduplication).
func (s *snowplow) identity() value {
	if !s.eventID.known() || !s.fingerprint.known() {
		return *s.eventID
	}
	s.id = append(append(append(s.id[:0], s.eventID.bytes...), '-'), s.fingerprint.bytes...)
	return value{kind: text, bytes: s.id}
}

// legacyName is the name of an event that was enriched before there was
// event_name.
func (s *snowplow) legacyName() value {
	switch string(s.kind.bytes) {
	case "struct":
		return value{kind: text, bytes: []byte("event")} // as event_name has it
	case "unstruct":
		for _, j := range s.json {
			if j.single {
				return value{kind: text, bytes: j.kind}
			}
		}
	}
	return *s.kind
}

// isSnowplow says whether a line is an enriched event.
func isSnowplow(line []byte) bool {
	if bytes.Count(line, []byte{'\t'}) != snowplowWidth-1 {
		return false
	}
	columns := bytes.Split(line, []byte{'\t'})
	_, collected := parseRFC3339(columns[slices.Index(snowplowColumns(), "collector_tstamp")])
	return collected && len(columns[slices.Index(snowplowColumns(), "event_id")]) > 0
}
