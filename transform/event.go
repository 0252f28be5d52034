package transform

import (
	"cmp"
	"reflect"
)

// An Event is one thing that a device reported, already valid: it has a name,
// a time and a subject.
//
// The empty string means unknown for every text field.
type Event struct {
	UserID   string // the signed-in user
	DeviceID string // the installation or browser
	ID       string // equal for two deliveries of the same event; never empty
	Name     string

	At         int64 // when it happened, microseconds since 1970 UTC
	ReceivedAt int64 // when the server received it, likewise; 0 if unknown
	ClientAt   int64 // when it happened by the device's own clock, if At was corrected; 0 if not
	SentAt     int64 // when the device sent it, by its own clock; 0 if unknown
	Sequence   int64 // the client's own count of its events; 0 if it keeps none

	SourceSession string // session id stamped by the source, kept beside ours
	Screen        string // screen shown when it happened
	View          string // id of the one view of a screen or page that it belongs to

	// EngagedMillis is engagement time that the source measured and reports
	// with this event, in milliseconds; -1 if the source does not measure it.
	EngagedMillis int64

	Crash      bool // the source says that the app crashed
	Background bool // the source says that the app was in the background
	Launch     bool // the source says that the app was started anew, not resumed
	NewSession bool // the source says that a session begins here

	// Attributes are shared between events: never modify them in place.
	*Attributes

	Source string // name of the configured source
	Object string // object that held the event
	Line   int64  // line (or row) of the object, from 1
}

// Attributes describe the app, the device and its whereabouts at the time of
// an event. They repeat from event to event, so events share them.
type Attributes struct {
	Platform          string
	OSVersion         string
	AppVersion        string
	DeviceModel       string
	Country           string
	Language          string
	AcquisitionSource string
	Campaign          string
	DeviceClass       string // phone, tablet, desktop, tv, watch …; another word is the source's own
	UTCOffset         string // of the device's clock from UTC at the time of the event, as +hh:mm or -hh:mm

	// Properties are the properties of the user's own that the source keeps,
	// as url.Values.Encode writes them: sorted by name, without those that
	// are unknown. See [Attributes.Property].
	Properties string
}

// NoAttributes is what an event has of which nothing is known.
var NoAttributes = new(Attributes)

// Subject is whose events are strung together into sessions: the device, or
// the user where no device is known. It is never empty.
func (e *Event) Subject() string {
	if e.DeviceID != "" {
		return e.DeviceID
	}
	return e.UserID
}

// claimed is when it happened by the device's own clock.
func (e *Event) claimed() int64 { return cmp.Or(e.ClientAt, e.At) }

// Compare orders events by subject, then time, then everything that the
// client said, then what the server said, and last by where the event was
// found. Two events that differ only in origin are equal to the fold, so the
// order of files never shows in a result.
func (e *Event) Compare(o *Event) int {
	if c := cmp.Compare(e.Subject(), o.Subject()); c != 0 {
		return c
	}
	if c := cmp.Compare(e.At, o.At); c != 0 {
		return c
	}
	if c := cmp.Compare(e.ID, o.ID); c != 0 {
		return c
	}
	if c := e.comparePayload(o); c != 0 {
		return c
	}
	return cmp.Or(
		cmp.Compare(e.Source, o.Source),
		cmp.Compare(e.Object, o.Object),
		cmp.Compare(e.Line, o.Line),
	)
}

// comparePayload orders two events of one id and time. The one received first
// comes first: it is the one to keep.
func (e *Event) comparePayload(o *Event) int {
	return cmp.Or(cmp.Compare(e.ReceivedAt, o.ReceivedAt), cmp.Compare(e.SentAt, o.SentAt), e.compareContent(o))
}

// compareContent is 0 if the events say the same, whenever they were sent and
// received: also the same time, by the clock of the device.
func (e *Event) compareContent(o *Event) int {
	if c := cmp.Or(
		cmp.Compare(e.Name, o.Name),
		cmp.Compare(e.UserID, o.UserID),
		cmp.Compare(e.DeviceID, o.DeviceID),
		cmp.Compare(e.SourceSession, o.SourceSession),
		cmp.Compare(e.Screen, o.Screen),
		cmp.Compare(e.View, o.View),
		cmp.Compare(e.claimed(), o.claimed()),
		cmp.Compare(e.Sequence, o.Sequence),
		cmp.Compare(e.EngagedMillis, o.EngagedMillis),
		compareBool(e.Crash, o.Crash),
		compareBool(e.Background, o.Background),
		compareBool(e.Launch, o.Launch),
		compareBool(e.NewSession, o.NewSession),
	); c != 0 || e.Attributes == o.Attributes {
		return c
	}
	a, b := e.Attributes, o.Attributes
	return cmp.Or(
		cmp.Compare(a.Platform, b.Platform),
		cmp.Compare(a.OSVersion, b.OSVersion),
		cmp.Compare(a.AppVersion, b.AppVersion),
		cmp.Compare(a.DeviceModel, b.DeviceModel),
		cmp.Compare(a.Country, b.Country),
		cmp.Compare(a.Language, b.Language),
		cmp.Compare(a.AcquisitionSource, b.AcquisitionSource),
		cmp.Compare(a.Campaign, b.Campaign),
		cmp.Compare(a.DeviceClass, b.DeviceClass),
		cmp.Compare(a.UTCOffset, b.UTCOffset),
		cmp.Compare(a.Properties, b.Properties),
	)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// Differing names the fields in which another delivery of an event says
// something else, in the order of the fields; none if they say the same,
// whenever they were sent and received.
func (e *Event) Differing(o *Event) []string {
	if e.compareContent(o) == 0 {
		return nil
	}
	var names []string
	compare := func(a, b reflect.Value) {
		for i := range a.NumField() {
			switch f := a.Type().Field(i); f.Name {
			case "ID", "ReceivedAt", "SentAt", "Attributes", "Source", "Object", "Line":
			default:
				if a.Field(i).Interface() != b.Field(i).Interface() {
					names = append(names, f.Name)
				}
			}
		}
	}
	compare(reflect.ValueOf(*e), reflect.ValueOf(*o))
	compare(reflect.ValueOf(*e.Attributes), reflect.ValueOf(*o.Attributes))
	return names
}
