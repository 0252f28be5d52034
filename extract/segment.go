package extract

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strings"
)

// The places of a record of the Segment specification that are read, in the
// order of segmentPaths. RudderStack writes the same records with a few fields
// more, so the formats segment and rudderstack share all of them.
const (
	segmentType = iota
	segmentEvent
	segmentName
	segmentMessage
	segmentUser
	segmentAnonymous
	segmentTimestamp
	segmentOriginal
	segmentSent
	segmentReceived
	segmentChannel
	segmentProperties
	segmentPropertyName
	segmentPropertyPath
	segmentPropertyURL
	segmentFromBackground
	segmentContext
	segmentLocale
	segmentTimezone
	segmentApp
	segmentAppVersion
	segmentDevice
	segmentDeviceID
	segmentDeviceType
	segmentDeviceModel
	segmentOS
	segmentOSName
	segmentOSVersion
	segmentLibrary
	segmentLibraryName
	segmentLocation
	segmentCountry
	segmentPage
	segmentPagePath
	segmentCampaign
	segmentCampaignName
	segmentCampaignSource
	segmentIntegrations
	segmentAmplitude
	segmentAmplitudeSession

	// Marks of the one product or the other.
	segmentProject
	rudderID
	rudderRequestIP // only whether it is there
	rudderSession
	rudderSessionStart

	segmentPlaces
)

func segmentPaths() []string {
	return []string{
		"type",
		"event",
		"name",
		"messageId",
		"userId",
		"anonymousId",
		"timestamp",
		"originalTimestamp",
		"sentAt",
		"receivedAt",
		"channel",
		"properties",
		"properties.name",
		"properties.path",
		"properties.url",
		"properties.from_background",
		"context",
		"context.locale",
		"context.timezone",
		"context.app",
		"context.app.version",
		"context.device",
		"context.device.id",
		"context.device.type",
		"context.device.model",
		"context.os",
		"context.os.name",
		"context.os.version",
		"context.library",
		"context.library.name",
		"context.location",
		"context.location.country",
		"context.page",
		"context.page.path",
		"context.campaign",
		"context.campaign.name",
		"context.campaign.source",
		"integrations",
		"integrations.Actions Amplitude",
		"integrations.Actions Amplitude.session_id",
		"projectId",
		"rudderId",
		"request_ip",
		"context.sessionId",
		"context.sessionStart",
	}
}

// segmentFields are the names that the specification has for our fields, for
// messages.
func segmentFields() map[string]Field {
	return map[string]Field{
		"event_id":           {Path: "messageId"},
		"event_name":         {Path: "event"},
		"user_id":            {Path: "userId"},
		"device_id":          {Path: "anonymousId"},
		"timestamp":          {Path: "timestamp"},
		"client_timestamp":   {Path: "originalTimestamp"},
		"sent_at":            {Path: "sentAt"},
		"received_at":        {Path: "receivedAt"},
		"session_id":         {Path: "integrations.Actions Amplitude.session_id"},
		"screen":             {Path: "name"},
		"platform":           {Path: "context.device.type"},
		"os_version":         {Path: "context.os.version"},
		"app_version":        {Path: "context.app.version"},
		"device_model":       {Path: "context.device.model"},
		"country":            {Path: "context.location.country"},
		"language":           {Path: "context.locale"},
		"acquisition_source": {Path: "context.campaign.source"},
		"campaign":           {Path: "context.campaign.name"},
		"device_class":       {Path: "context.device.type"},
		"utc_offset":         {Path: "context.timezone"},
	}
}

// segmentProduct is the archive that Segment writes to a bucket:
// segment-logs/{source}/{day of receipt, ms since 1970}/{file}.gz.
func segmentProduct() product {
	return product{
		name: "segment", paths: segmentPaths(), fields: segmentFields(), bags: segmentBags(),
		is: func(v []value) bool {
			return isSegmentSpec(v) && !hasRudderMarks(v)
		},
		objects:   segmentObjects,
		corrected: true,
		assembler: specified(func(v []value, fields *[fieldCount]value) {
			fields[sessionID] = v[segmentAmplitudeSession]
		}),
	}
}

// specified returns what assembles the fields of the common specification, and
// then those of the product's session.
func specified(session func(v []value, fields *[fieldCount]value)) func() assembler {
	return func() assembler {
		inside := newInside(segmentPaths())
		return func(v []value, fields *[fieldCount]value) *flaw {
			inside.clear(v)
			if flaw := assembleSegment(v, fields); flaw != nil {
				return flaw
			}
			session(v, fields)
			return nil
		}
	}
}

// Segment leaves dummy-object.txt beside the logs when it tries out a bucket.
func segmentObjects(name string) objectRole {
	if path.Base(name) == "dummy-object.txt" {
		return objectRole{contents: noData}
	}
	return objectRole{}
}

// segmentBags are the objects with properties of events and of users.
func segmentBags() []string { return []string{"properties", "context.traits"} }

// segmentTypes are the calls of the specification.
func segmentTypes() []string {
	return []string{"track", "screen", "page", "identify", "group", "alias"}
}

// isSegmentSpec says whether a record is one of the Segment specification,
// whoever wrote it.
func isSegmentSpec(v []value) bool {
	return slices.Contains(segmentTypes(), string(v[segmentType].bytes)) &&
		(v[segmentMessage].known() || v[segmentUser].known() || v[segmentAnonymous].known()) &&
		(v[segmentTimestamp].known() || v[segmentOriginal].known() || v[segmentReceived].known())
}

// hasRudderMarks says whether a record of the specification can only be one of
// RudderStack: its server adds rudderId and request_ip, its libraries have its
// name, and it has channels that Segment has not.
func hasRudderMarks(v []value) bool {
	if v[rudderID].known() || v[rudderRequestIP].kind != absent {
		return true
	}
	library := v[segmentLibraryName].bytes
	if v[segmentLibrary].kind == object && (bytes.Contains(library, []byte("rudder")) || bytes.Contains(library, []byte("Rudder"))) {
		return true
	}
	channel := string(v[segmentChannel].bytes)
	return v[segmentContext].kind == object && v[rudderSession].known() && (channel == "web" || channel == "sources")
}

// hasSegmentMarks says whether a record can only be one of Segment's own: its
// server adds projectId, and no one else has its Amplitude plugin.
func hasSegmentMarks(v []value) bool {
	return !hasRudderMarks(v) &&
		(v[segmentProject].known() || v[segmentAmplitude].kind == object && v[segmentAmplitudeSession].known())
}

// assembleSegment sets the fields that all records of the specification have.
func assembleSegment(v []value, fields *[fieldCount]value) *flaw {
	call := string(v[segmentType].bytes)
	if !slices.Contains(segmentTypes(), call) {
		found := "missing"
		if v[segmentType].known() {
			found = excerpt(v[segmentType].bytes)
		}
		return &flaw{wrongType, fmt.Sprintf("type is %s, want one of %s", found, strings.Join(segmentTypes(), ", "))}
	}
	*fields = [fieldCount]value{
		eventID:           v[segmentMessage],
		userID:            v[segmentUser],
		deviceID:          firstKnown(v[segmentAnonymous], v[segmentDeviceID]),
		eventName:         v[segmentType],
		timestamp:         segmentTime(v),
		clientTimestamp:   v[segmentOriginal],
		sentAt:            v[segmentSent],
		receivedAt:        v[segmentReceived],
		platform:          segmentPlatform(v),
		osVersion:         v[segmentOSVersion],
		appVersion:        v[segmentAppVersion],
		deviceModel:       v[segmentDeviceModel],
		country:           v[segmentCountry],
		language:          v[segmentLocale],
		acquisitionSource: v[segmentCampaignSource],
		campaign:          v[segmentCampaignName],
		deviceClass:       classOnly(v[segmentDeviceType]), // mostly the system: ios, android
		utcOffset:         v[segmentTimezone],
	}
	if isServerCall(v) {
		fields[background] = yes()
	}
	switch call {
	case "track":
		fields[eventName] = v[segmentEvent]
		trackedSegment(v, fields)
	case "screen":
		fields[screen] = firstKnown(v[segmentName], v[segmentPropertyName], v[segmentEvent])
	case "page":
		fields[screen] = firstKnown(v[segmentName], v[segmentPropertyName], v[segmentPropertyPath], v[segmentPropertyURL], v[segmentPagePath])
	}
	return nil
}

// trackedSegment sets what the names of events say that the specification
// reserves: for the life of an app, and for pushes.
func trackedSegment(v []value, fields *[fieldCount]value) {
	switch string(v[segmentEvent].bytes) {
	case "Application Opened":
		if v[segmentFromBackground].isFalse() {
			fields[launch] = yes()
		}
	case "Application Crashed":
		fields[crashed] = yes()
	case "Push Notification Received", "Push Notification Bounced", "Application Uninstalled":
		fields[background] = yes() // nobody uses the app by it
	}
}

// segmentTime returns when a record says that it happened. The server corrects
// the device's clock; where it has not, its rule is followed here:
// receivedAt − (sentAt − originalTimestamp).
func segmentTime(v []value) value {
	if v[segmentTimestamp].known() {
		return v[segmentTimestamp]
	}
	var at [3]int64
	for i, place := range [...]int{segmentReceived, segmentSent, segmentOriginal} {
		micros, problem := parseMoment(v[place], 0)
		if problem != "" {
			return value{}
		}
		at[i] = micros
	}
	return value{kind: moment, at: at[0] - (at[1] - at[2])}
}

// segmentPlatform is web for what a browser sent, and else what the device
// calls itself.
func segmentPlatform(v []value) value {
	channel := string(v[segmentChannel].bytes)
	if channel == "web" || channel == "browser" || string(v[segmentLibraryName].bytes) == "analytics.js" {
		return value{kind: text, bytes: []byte("web")}
	}
	return firstKnown(v[segmentDeviceType], v[segmentOSName])
}

// isServerCall says whether a record is the word of a server, not of an app.
// Segment writes the channel server also for what its mobile libraries send,
// but of its libraries only those of apps tell about a device.
func isServerCall(v []value) bool {
	switch string(v[segmentChannel].bytes) {
	case "sources":
		return true
	case "server":
		return !v[segmentDeviceID].known() && !v[segmentDeviceType].known() && !v[segmentOSName].known() && !v[segmentAppVersion].known()
	}
	return false
}
