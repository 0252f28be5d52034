package extract

import (
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"github.com/zeebo/xxh3"

	"sojourn/transform"
)

// The places of an Amplitude export that are read, in the order of amplitudePaths.
const (
	amplitudeName = iota
	amplitudeTime
	amplitudeClientTime
	amplitudeSent
	amplitudeReceived
	amplitudeUploaded
	amplitudePerson
	amplitudeUser
	amplitudeDevice
	amplitudeInsert
	amplitudeUUID
	amplitudeCounter
	amplitudeSession
	amplitudePlatform
	amplitudeOSVersion
	amplitudeAppVersion
	amplitudeDeviceFamily
	amplitudeCountry
	amplitudeLanguage
	amplitudeScreen
	amplitudePage
	amplitudeFromBackground
	amplitudeSource
	amplitudeCampaign
	amplitudeUserSource
	amplitudeUserCampaign
	amplitudeFirstSource
	amplitudeFirstCampaign

	amplitudeDeviceType

	amplitudeMerged // only the files of merged users have it
)

func amplitudePaths() []string {
	return []string{
		"event_type",
		"event_time",
		"client_event_time",
		"client_upload_time",
		"server_received_time",
		"server_upload_time",
		"amplitude_id",
		"user_id",
		"device_id",
		"$insert_id",
		"uuid",
		"event_id",
		"session_id",
		"platform",
		"os_version",
		"version_name",
		"device_family",
		"country",
		"language",
		"event_properties.[Amplitude] Screen Name",
		"event_properties.[Amplitude] Page URL",
		"event_properties.[Amplitude] From Background",
		"event_properties.utm_source",
		"event_properties.utm_campaign",
		"user_properties.utm_source",
		"user_properties.utm_campaign",
		"user_properties.initial_utm_source",
		"user_properties.initial_utm_campaign",
		"device_type",
		"merged_amplitude_id",
	}
}

// amplitudeFields are the names that the export has for our fields, for
// messages. Its times are UTC and say no zone.
func amplitudeFields() map[string]Field {
	return map[string]Field{
		"event_id":           {Path: "$insert_id"},
		"event_name":         {Path: "event_type"},
		"timestamp":          {Path: "event_time"},
		"client_timestamp":   {Path: "client_event_time"},
		"sent_at":            {Path: "client_upload_time"},
		"received_at":        {Path: "server_received_time"},
		"sequence":           {Path: "event_id"},
		"user_id":            {Path: "amplitude_id"},
		"device_id":          {Path: "device_id"},
		"session_id":         {Path: "session_id"},
		"screen":             {Path: "event_properties.[Amplitude] Screen Name"},
		"launch":             {Path: "event_properties.[Amplitude] From Background"},
		"platform":           {Path: "platform"},
		"os_version":         {Path: "os_version"},
		"app_version":        {Path: "version_name"},
		"device_model":       {Path: "device_family"},
		"country":            {Path: "country"},
		"language":           {Path: "language"},
		"acquisition_source": {Path: "event_properties.utm_source"},
		"campaign":           {Path: "event_properties.utm_campaign"},
		"device_class":       {Path: "device_type"},
	}
}

// amplitudeProduct is what Amplitude exports to S3 and Google Cloud Storage,
// and the unpacked files of its Export API. event_time is already corrected by
// Amplitude. A user is an amplitude_id: it is what Amplitude counts, every
// event has one, also before anybody signs in, and it is the id that the files
// of merged users speak of.
func amplitudeProduct() product {
	return product{
		name: "amplitude", paths: amplitudePaths(), fields: amplitudeFields(),
		embedded: []string{"event_properties", "user_properties"},
		bags:     []string{"event_properties", "user_properties"},
		is: func(v []value) bool {
			return v[amplitudeName].known() && v[amplitudeTime].known() && v[amplitudePerson].kind != absent && v[amplitudeSession].kind != absent
		},
		objects:    amplitudeObjects,
		aliasPaths: []string{"amplitude_id", "merged_amplitude_id", "merge_server_time", "merge_time", "event_type"},
		alias:      amplitudeAlias,
		assembler: func() assembler {
			a := &amplitude{}
			return a.assemble
		},
	}
}

// Files are named by project, or by organisation after a minus, and hour:
// 187520_2026-01-30_9#1.json.gz has events, the number after # (which tools
// write as %23) being its part; one without a part has merged users, under the
// organisation or, for older customers, under the project. Files that are
// labelled complete only say that an hour is.
var (
	amplitudeMark   = regexp.MustCompile(`^(-?\d+_\d{4}-\d{2}-\d{2}_\d{1,2}(.*[^A-Za-z])?)?complete(\.|$)`)
	amplitudeMerges = regexp.MustCompile(`^-?\d+_\d{4}-\d{2}-\d{2}_\d{1,2}\.`)
)

func amplitudeObjects(name string) objectRole {
	switch name = name[strings.LastIndexByte(name, '/')+1:]; {
	case amplitudeMark.MatchString(name):
		return objectRole{contents: noData}
	case amplitudeMerges.MatchString(name):
		return objectRole{contents: identities}
	}
	return objectRole{}
}

// amplitudeAlias reads a merge of two users: amplitude_id was merged into
// merged_amplitude_id, which the user got first and keeps. The names suggest
// the reverse; Amplitude's documentation of the same table in warehouses says
// which is which.
func amplitudeAlias(v []value) (transform.Alias, *flaw) {
	merged, kept, serverTime, eventTime, event := v[0], v[1], v[2], v[3], v[4]
	if event.known() {
		return transform.Alias{}, &flaw{wrongFormat, "the record is an event, but its object is named as Amplitude names merged users: those of events have a part, as in 187520_2026-01-30_9#1.json.gz"}
	}
	from, flaw := aliasID(merged, "amplitude_id")
	if flaw != nil {
		return transform.Alias{}, flaw
	}
	to, flaw := aliasID(kept, "merged_amplitude_id")
	if flaw != nil {
		return transform.Alias{}, flaw
	}
	at, flaw := amplitudeMergeTime(firstKnown(serverTime, eventTime))
	if flaw != nil || from == to {
		return transform.Alias{}, flaw
	}
	return transform.Alias{From: from, To: to, At: at}, nil
}

// amplitudeMergeTime reads the time of a merge, a number whose unit is not
// documented: among the times from 2001 to 2286 only seconds have 10 digits,
// milliseconds 13 and microseconds 16. It is 0 if there is none.
func amplitudeMergeTime(at value) (int64, *flaw) {
	if !at.known() {
		return 0, nil
	}
	unit := int64(0) // text
	switch len(at.bytes) {
	case 10:
		unit = 1e6
	case 13:
		unit = 1e3
	case 16:
		unit = 1
	}
	micros, problem := parseMoment(at, unit)
	if problem != "" {
		return 0, &flaw{badTimestamp, fmt.Sprintf("merge_server_time or merge_time is %s, want a number of 10, 13 or 16 digits", excerpt(at.bytes))}
	}
	return micros, nil
}

type amplitude struct{ id []byte }

func (a *amplitude) assemble(v []value, fields *[fieldCount]value) *flaw {
	if v[amplitudeMerged].known() && !v[amplitudeName].known() {
		return &flaw{wrongFormat, "the record says which users were merged and is no event: its object must be named as Amplitude does, -ORGANISATION_yyyy-MM-dd_H.json.gz"}
	}
	*fields = [fieldCount]value{
		eventID:           a.identity(v),
		userID:            firstKnown(v[amplitudePerson], v[amplitudeUser]),
		deviceID:          v[amplitudeDevice],
		eventName:         v[amplitudeName],
		timestamp:         v[amplitudeTime],
		clientTimestamp:   v[amplitudeClientTime],
		sentAt:            v[amplitudeSent],
		receivedAt:        firstKnown(v[amplitudeReceived], v[amplitudeUploaded]),
		sequence:          v[amplitudeCounter],
		sessionID:         v[amplitudeSession],
		screen:            firstKnown(v[amplitudeScreen], v[amplitudePage]),
		platform:          v[amplitudePlatform],
		osVersion:         v[amplitudeOSVersion],
		appVersion:        v[amplitudeAppVersion],
		deviceModel:       v[amplitudeDeviceFamily],
		country:           v[amplitudeCountry],
		language:          v[amplitudeLanguage],
		acquisitionSource: firstKnown(v[amplitudeSource], v[amplitudeUserSource], amplitudeFirst(v[amplitudeFirstSource])),
		campaign:          firstKnown(v[amplitudeCampaign], v[amplitudeUserCampaign], amplitudeFirst(v[amplitudeFirstCampaign])),
		deviceClass:       classOnly(v[amplitudeDeviceType]),
	}
	if string(v[amplitudeName].bytes) == "[Amplitude] Application Opened" {
		var flaw *flaw
		fields[launch], flaw = amplitudeLaunch(v[amplitudeFromBackground])
		return flaw
	}
	return nil
}

// amplitudeLaunch is true where the app was not opened from the background.
func amplitudeLaunch(fromBackground value) (value, *flaw) {
	v := fromBackground
	if !v.known() {
		return value{}, nil
	}
	switch strings.ToLower(string(v.bytes)) {
	case "false", "0":
		return value{kind: boolean, bytes: []byte("true")}, nil
	case "true", "1":
		return value{}, nil
	}
	return value{}, &flaw{wrongType, fmt.Sprintf("event_properties.[Amplitude] From Background is %s, want true or false", excerpt(v.bytes))}
}

// amplitudeFirst is what is known of the user's first campaign: SDKs write
// EMPTY where there was none.
func amplitudeFirst(v value) value {
	if string(v.bytes) == "EMPTY" {
		return value{}
	}
	return v
}

// identity tells deliveries of one event as Amplitude does, by device and
// $insert_id. Without the latter uuid is the id that Amplitude gave the row.
func (a *amplitude) identity(v []value) value {
	if !v[amplitudeInsert].known() {
		return v[amplitudeUUID]
	}
	b := appendDigested(a.id[:0], v[amplitudeDevice])
	b = appendDigested(b, v[amplitudeInsert])
	sum := xxh3.Hash128(b).Bytes()
	a.id = hex.AppendEncode(b[:0], sum[:])
	return value{kind: text, bytes: a.id}
}
