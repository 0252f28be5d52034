package extract

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"

	"sojourn/transform"
)

// The places of a Mixpanel export that are read, in the order of mixpanelPaths.
// Those of the JSON pipeline are columns, those of the Raw Export API and the
// old raw pipeline are properties.
const (
	mixpanelEvent = iota
	mixpanelProperties

	mixpanelColumnEvent
	mixpanelColumnTime
	mixpanelColumnDistinct
	mixpanelColumnUser
	mixpanelColumnDevice
	mixpanelColumnInsert

	mixpanelTime
	mixpanelDistinct
	mixpanelUser
	mixpanelDevice
	mixpanelInsert
	mixpanelArrived
	mixpanelProcessed
	mixpanelURL
	mixpanelSessionLength
	mixpanelLibrary
	mixpanelOS
	mixpanelOSVersion
	mixpanelAppVersion
	mixpanelModel
	mixpanelCountry
	mixpanelUTMSource
	mixpanelUTMCampaign

	mixpanelResolved  // only identity mappings have it,
	mixpanelUUID      // only PostHog,
	mixpanelMessage   // only Segment and RudderStack,
	mixpanelTimestamp // and all of these
)

func mixpanelPaths() []string {
	return []string{
		"event",
		"properties",
		"event_name",
		"time",
		"distinct_id",
		"user_id",
		"device_id",
		"insert_id",
		"properties.time",
		"properties.distinct_id",
		"properties.$user_id",
		"properties.$device_id",
		"properties.$insert_id",
		"properties.$mp_api_timestamp_ms",
		"properties.mp_processing_time_ms",
		"properties.$current_url",
		"properties.$ae_session_length",
		"properties.mp_lib",
		"properties.$os",
		"properties.$os_version",
		"properties.$app_version_string",
		"properties.$model",
		"properties.mp_country_code",
		"properties.utm_source",
		"properties.utm_campaign",
		"resolved_distinct_id",
		"uuid",
		"messageId",
		"timestamp",
	}
}

// mixpanelFields are the names that the export has for our fields, for
// messages. Only the event $ae_session tells an engagement time, and only if
// an app's SDK sends it: without one it is unknown.
func mixpanelFields() map[string]Field {
	return map[string]Field{
		"event_id":           {Path: `properties.$insert_id`},
		"event_name":         {Path: "event"},
		"timestamp":          {Path: "properties.time", Unit: "s"},
		"received_at":        {Path: "properties.mp_processing_time_ms", Unit: "ms"},
		"user_id":            {Path: "properties.$user_id"},
		"device_id":          {Path: "properties.$device_id"},
		"screen":             {Path: "properties.$current_url"},
		"platform":           {Path: "properties.$os"},
		"os_version":         {Path: "properties.$os_version"},
		"app_version":        {Path: "properties.$app_version_string"},
		"device_model":       {Path: "properties.$model"},
		"country":            {Path: "properties.mp_country_code"},
		"acquisition_source": {Path: "properties.utm_source"},
		"campaign":           {Path: "properties.utm_campaign"},
	}
}

// mixpanelProduct is what Mixpanel exports: the lines of the Raw Export API,
// the objects of the JSON pipeline, whose properties may be a text, and those
// of the older raw pipeline. None of them is de-duplicated.
func mixpanelProduct() product {
	return product{
		name: "mixpanel", paths: mixpanelPaths(), fields: mixpanelFields(),
		embedded:   []string{"properties"},
		bags:       []string{"properties"},
		is:         isMixpanel,
		objects:    mixpanelObjects,
		aliasPaths: []string{"distinct_id", "resolved_distinct_id"},
		alias:      mixpanelAlias,
		assembler: func() assembler {
			m := &mixpanel{}
			return m.assemble
		},
	}
}

// isMixpanel tells Mixpanel's records from those of PostHog, Segment and
// RudderStack, which have an event and properties too.
func isMixpanel(v []value) bool {
	switch {
	case v[mixpanelProperties].kind != object || v[mixpanelUUID].known() || v[mixpanelMessage].known() || v[mixpanelTimestamp].known():
		return false
	case v[mixpanelEvent].known():
		return v[mixpanelTime].known() && v[mixpanelColumnDistinct].kind == absent
	}
	return v[mixpanelColumnEvent].known() && v[mixpanelColumnTime].known() &&
		v[mixpanelColumnDistinct].kind != absent && v[mixpanelColumnInsert].kind != absent
}

// The folders of a pipeline are named by what they have: events, profiles,
// which are replaced with every export, and the mappings of ids. The older
// pipeline puts an empty object complete beside those of a finished hour or day.
func mixpanelObjects(name string) objectRole {
	elements := strings.Split(name, "/")
	folder := func(prefix string) bool {
		return slices.ContainsFunc(elements, func(e string) bool { return strings.HasPrefix(e, prefix) })
	}
	switch {
	case elements[len(elements)-1] == "complete", folder("mp_people_data"):
		return objectRole{contents: noData}
	case folder("mp_identity_mappings_data"):
		return objectRole{contents: identities}
	}
	return objectRole{}
}

// mixpanelDeviceMark is what a distinct_id begins with that is a device's.
const mixpanelDeviceMark = "$device:"

// mixpanelAlias reads a record of the mappings of ids. Ids of devices are
// written there as in distinct_id, and lose their mark as they do in events.
func mixpanelAlias(v []value) (transform.Alias, *flaw) {
	from, flaw := aliasID(v[0], "distinct_id")
	if flaw != nil {
		return transform.Alias{}, flaw
	}
	to, flaw := aliasID(v[1], "resolved_distinct_id")
	if flaw != nil {
		return transform.Alias{}, flaw
	}
	from, to = strings.TrimPrefix(from, mixpanelDeviceMark), strings.TrimPrefix(to, mixpanelDeviceMark)
	if from == to {
		return transform.Alias{}, nil
	}
	return transform.Alias{From: from, To: to}, nil
}

type mixpanel struct {
	id     []byte
	millis []byte
}

func (m *mixpanel) assemble(v []value, fields *[fieldCount]value) *flaw {
	switch kind := v[mixpanelProperties].kind; {
	case v[mixpanelResolved].known() && !v[mixpanelEvent].known() && !v[mixpanelColumnEvent].known():
		return &flaw{wrongFormat, "the record maps an id to another and is no event: its object must be in a folder mp_identity_mappings_data"}
	case kind != object && kind > null:
		return &flaw{wrongType, fmt.Sprintf("properties is %s, want an object", kind)}
	}
	name := firstKnown(v[mixpanelColumnEvent], v[mixpanelEvent])
	*fields = [fieldCount]value{
		eventID:           {kind: text, bytes: m.digest(v)},
		eventName:         name,
		timestamp:         mixpanelMoment(firstKnown(v[mixpanelColumnTime], v[mixpanelTime])),
		receivedAt:        firstKnown(v[mixpanelArrived], v[mixpanelProcessed]),
		screen:            v[mixpanelURL],
		platform:          v[mixpanelOS],
		osVersion:         v[mixpanelOSVersion],
		appVersion:        v[mixpanelAppVersion],
		deviceModel:       v[mixpanelModel],
		country:           v[mixpanelCountry],
		acquisitionSource: v[mixpanelUTMSource],
		campaign:          v[mixpanelUTMCampaign],
	}
	fields[userID], fields[deviceID] = mixpanelSubject(v)
	if string(v[mixpanelLibrary].bytes) == "web" {
		// $os is then the system that the browser runs on.
		fields[platform] = v[mixpanelLibrary]
	}
	switch string(name.bytes) {
	case "$ae_crashed":
		fields[crashed] = value{kind: boolean, bytes: []byte("true")}
	case "$ae_session":
		var flaw *flaw
		fields[engagedMillis], flaw = m.engaged(v[mixpanelSessionLength])
		return flaw
	}
	return nil
}

// mixpanelSubject tells users from devices. distinct_id is whose event it is by
// Mixpanel's count: the user, or before anybody has signed in the device, as
// $device:ID in projects of today and as the bare ID in older ones. A device
// is never taken for a user, or signing in would look like another user's.
func mixpanelSubject(v []value) (user, device value) {
	user = firstKnown(v[mixpanelColumnUser], v[mixpanelUser])
	device = firstKnown(v[mixpanelColumnDevice], v[mixpanelDevice])
	device.bytes = bytes.TrimPrefix(device.bytes, []byte(mixpanelDeviceMark))
	distinct := firstKnown(v[mixpanelColumnDistinct], v[mixpanelDistinct])
	id, marked := bytes.CutPrefix(distinct.bytes, []byte(mixpanelDeviceMark))
	switch {
	case marked && !device.known():
		device = value{kind: text, bytes: id}
	case !marked && !user.known() && !(device.known() && bytes.Equal(id, device.bytes)):
		user = distinct
	}
	return user, device
}

// mixpanelMoment reads times that are written as text; others are numbers.
func mixpanelMoment(at value) value {
	if at.kind == text {
		if micros, ok := parseRFC3339(at.bytes); ok {
			return value{kind: moment, at: micros}
		}
	}
	return at
}

// engaged reads $ae_session_length, which is in seconds. Older Android SDKs
// write it as a person would, such as "1,234.5".
func (m *mixpanel) engaged(length value) (value, *flaw) {
	if !length.known() {
		return value{}, nil
	}
	b := append(m.millis[:0], length.bytes...)
	m.millis = b
	if length.kind == text {
		b = slices.DeleteFunc(b, func(c byte) bool { return c == ',' })
	}
	millis, ok := scaled(b, 1000)
	if length.kind != text && length.kind != number || !ok || millis < 0 || millis > maxEngaged {
		return value{}, &flaw{wrongType, fmt.Sprintf("engaged_ms (properties.$ae_session_length) is %s, want seconds, at most those of a day", excerpt(length.bytes))}
	}
	b = strconv.AppendInt(b[:0], millis, 10)
	m.millis = b
	return value{kind: number, bytes: b}, nil
}

// digest identifies the event as Mixpanel does: by name, distinct_id, time and
// $insert_id. Without the last one Mixpanel takes every event for another; here
// it is one if it is written alike.
func (m *mixpanel) digest(v []value) []byte {
	b := m.id[:0]
	b = appendDigested(b, firstKnown(v[mixpanelColumnEvent], v[mixpanelEvent]))
	b = appendDigested(b, firstKnown(v[mixpanelColumnDistinct], v[mixpanelDistinct]))
	b = appendDigested(b, firstKnown(v[mixpanelColumnTime], v[mixpanelTime]))
	insert := firstKnown(v[mixpanelColumnInsert], v[mixpanelInsert])
	b = appendDigested(b, insert)
	if !insert.known() {
		b = appendDigested(b, v[mixpanelColumnUser])
		b = appendDigested(b, v[mixpanelColumnDevice])
		b = appendDigested(b, v[mixpanelProperties])
	}
	sum := xxh3.Hash128(b).Bytes()
	b = hex.AppendEncode(b[:0], sum[:])
	m.id = b
	return b
}
