package extract

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"sojourn/transform"
)

// The places of an event of a PostHog export that are read, in the order of
// postHogPaths.
const (
	postHogUUID = iota
	postHogEvent
	postHogDistinct
	postHogPerson
	postHogTimestamp
	postHogCreated
	postHogProperties
	postHogSession
	postHogDevice
	postHogIdentified
	postHogAnonymous
	postHogScreen
	postHogURL
	postHogPageView
	postHogLibrary
	postHogOSName
	postHogOS
	postHogOSVersion
	postHogAppVersion
	postHogDeviceModel
	postHogLocale
	postHogBrowserLanguage
	postHogSource
	postHogSourceDollar
	postHogCampaign
	postHogCampaignDollar
	postHogFromBackground
	postHogExceptionLevel
	postHogDeviceType
	postHogTimezone

	postHogPlaces
)

// $geoip_country_code is not among them: that exports have it is not
// confirmed, so a configuration names it as the place of country.
func postHogPaths() []string {
	return []string{
		"uuid",
		"event",
		"distinct_id",
		"person_id",
		"timestamp",
		"created_at",
		"properties",
		"properties.$session_id",
		"properties.$device_id",
		"properties.$is_identified",
		"properties.$anon_distinct_id",
		"properties.$screen_name",
		"properties.$current_url",
		"properties.$pageview_id",
		"properties.$lib",
		"properties.$os_name",
		"properties.$os",
		"properties.$os_version",
		"properties.$app_version",
		"properties.$device_model",
		"properties.$locale",
		"properties.$browser_language",
		"properties.utm_source",
		"properties.$utm_source",
		"properties.utm_campaign",
		"properties.$utm_campaign",
		"properties.from_background",
		"properties.$exception_level",
		"properties.$device_type",
		"properties.$timezone",
	}
}

// postHogFields are the names that the export has for our fields, for messages.
func postHogFields() map[string]Field {
	return map[string]Field{
		"event_id":           {Path: "uuid"},
		"event_name":         {Path: "event"},
		"user_id":            {Path: "distinct_id"},
		"device_id":          {Path: "properties.$device_id"},
		"timestamp":          {Path: "timestamp"},
		"received_at":        {Path: "created_at"},
		"session_id":         {Path: "properties.$session_id"},
		"screen":             {Path: "properties.$screen_name"},
		"view_id":            {Path: "properties.$pageview_id"},
		"platform":           {Path: "properties.$os_name"},
		"os_version":         {Path: "properties.$os_version"},
		"app_version":        {Path: "properties.$app_version"},
		"device_model":       {Path: "properties.$device_model"},
		"language":           {Path: "properties.$locale"},
		"acquisition_source": {Path: "properties.utm_source"},
		"campaign":           {Path: "properties.utm_campaign"},
		"device_class":       {Path: "properties.$device_type"},
		"utc_offset":         {Path: "properties.$timezone"},
	}
}

// postHogProduct is a PostHog batch export of the model events, and that of
// the model persons for which id is whose. Properties are an object in JSON
// lines, and a text that holds one in Parquet.
func postHogProduct() product {
	return product{
		name: "posthog", paths: postHogPaths(), fields: postHogFields(),
		embedded: []string{"properties", "person_properties"}, bags: []string{"properties", "person_properties"},
		is: func(v []value) bool {
			return v[postHogUUID].known() && v[postHogEvent].known() && v[postHogDistinct].known() && v[postHogTimestamp].known()
		},
		objects:    postHogObjects,
		corrected:  true,
		alias:      postHogAlias,
		aliasPaths: postHogPersonPaths(),
		assembler: func() assembler {
			return func(v []value, fields *[fieldCount]value) *flaw {
				if v[postHogProperties].known() && v[postHogProperties].kind != object {
					return &flaw{wrongType, fmt.Sprintf("properties is %s, want an object, or a text that holds one", excerpt(v[postHogProperties].bytes))}
				}
				if !v[postHogEvent].known() && v[postHogPerson].known() {
					return &flaw{wrongFormat, "this is a row of the model persons, which is read from objects with the word persons in their name"}
				}
				assemblePostHog(v, fields)
				return nil
			}
		},
	}
}

// assemblePostHog sets the fields of an event. Its time is already corrected
// by when the event was sent and received.
func assemblePostHog(v []value, fields *[fieldCount]value) {
	user, device := postHogSubject(v)
	*fields = [fieldCount]value{
		eventID:           v[postHogUUID],
		userID:            user,
		deviceID:          device,
		eventName:         v[postHogEvent],
		timestamp:         v[postHogTimestamp],
		receivedAt:        v[postHogCreated],
		sessionID:         v[postHogSession],
		screen:            firstKnown(v[postHogScreen], v[postHogURL]),
		viewID:            v[postHogPageView],
		platform:          firstKnown(v[postHogOSName], v[postHogOS]),
		osVersion:         v[postHogOSVersion],
		appVersion:        v[postHogAppVersion],
		deviceModel:       v[postHogDeviceModel],
		language:          firstKnown(v[postHogLocale], v[postHogBrowserLanguage]),
		acquisitionSource: firstKnown(v[postHogSource], v[postHogSourceDollar]),
		campaign:          firstKnown(v[postHogCampaign], v[postHogCampaignDollar]),
		deviceClass:       v[postHogDeviceType],
		utcOffset:         v[postHogTimezone],
	}
	if string(v[postHogLibrary].bytes) == "web" {
		fields[platform] = v[postHogLibrary] // $os is that of the browser
	}
	switch string(v[postHogEvent].bytes) {
	case "Application Opened":
		if v[postHogFromBackground].isFalse() {
			fields[launch] = yes()
		}
	case "$exception":
		if string(v[postHogExceptionLevel].bytes) == "fatal" {
			fields[crashed] = yes()
		}
	}
}

// postHogSubject returns the user who is signed in and the device. The libraries
// give an id of their own making to who is not signed in, and say so; on the
// web it is also that of the device. Phones name no device: before a sign-in
// that id is the device's, and the event $identify says which it was.
func postHogSubject(v []value) (user, device value) {
	device = v[postHogDevice]
	anonymous := v[postHogIdentified].isFalse() ||
		!v[postHogIdentified].known() && device.known() && bytes.Equal(device.bytes, v[postHogDistinct].bytes)
	switch {
	case anonymous:
		return value{}, firstKnown(device, v[postHogDistinct])
	case string(v[postHogEvent].bytes) == "$identify":
		return v[postHogDistinct], firstKnown(device, v[postHogAnonymous])
	}
	return v[postHogDistinct], device
}

// postHogObjects tells objects by their names, which are a template of the
// user's own, with the model in it if they want it. START-END_manifest.json
// lists the objects of an export that is cut into several.
func postHogObjects(name string) objectRole {
	if strings.HasSuffix(name, "manifest.json") {
		return objectRole{contents: noData}
	}
	model := ""
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		if word == "events" || word == "persons" {
			model = word // the last one: folders above may have any name
		}
	}
	if model == "persons" {
		return objectRole{contents: identities}
	}
	return objectRole{}
}

// The places of a row of the model persons that are read, in the order of
// postHogPersonPaths.
const (
	personDistinct = iota
	personID
	personInserted
	personDeleted
	personEvent

	personPlaces
)

func postHogPersonPaths() []string {
	return []string{"distinct_id", "person_id", "_inserted_at", "is_deleted", "event"}
}

// postHogAlias reads a row of the model persons: the person whom PostHog takes
// a distinct_id for by now. A person who was deleted is nobody's.
func postHogAlias(v []value) (transform.Alias, *flaw) {
	if v[personEvent].known() {
		return transform.Alias{}, &flaw{wrongFormat, "this is an event, but the object has the word persons in its name, as those have that say which id is whose"}
	}
	if string(v[personDeleted].bytes) == "true" {
		return transform.Alias{}, nil
	}
	for i, name := range postHogPersonPaths()[:personInserted] {
		id := v[i]
		switch {
		case id.known() && id.kind != text:
			return transform.Alias{}, &flaw{wrongType, fmt.Sprintf("%s is %s, want text", name, id.kind)}
		case !id.known():
			return transform.Alias{}, &flaw{missingSubject, fmt.Sprintf("%s is missing or empty: want distinct_id and person_id", name)}
		case !utf8.Valid(id.bytes) || bytes.IndexByte(id.bytes, 0) >= 0:
			return transform.Alias{}, &flaw{invalidText, fmt.Sprintf("%s is %s, want UTF-8 without NUL characters", name, excerpt(id.bytes))}
		}
	}
	a := transform.Alias{From: string(v[personDistinct].bytes), To: string(v[personID].bytes)}
	if said := v[personInserted]; said.known() {
		at, problem := parseMoment(said, 0)
		if problem != "" {
			return transform.Alias{}, &flaw{badTimestamp, "_inserted_at " + problem}
		}
		a.At = at
	}
	return a, nil
}
