package generate

import (
	"strconv"
	"time"
)

// id returns a number that no other event of the seed has.
func (e *event) id(seed uint64) uint64 {
	return mix(mix(seed+1) ^ (e.visit.device.user<<24 | uint64(e.ordinal)))
}

// appendRecord appends the event as a line of JSON, damaged if so asked. Equal
// calls append equal bytes.
func (e *event) appendRecord(b []byte, seed uint64, d damage) []byte {
	start := len(b)
	device, id := e.visit.device, e.id(seed)
	b = append(b, `{"event_id":"`...)
	b = appendHex(b, id)
	user, deviceID := device.ids[e.who], device.id
	if d == noSubject {
		deviceID = ""
	}
	switch {
	case d == noSubject:
		b = append(b, `","user_id":"`...)
	case user != "":
		b = append(b, `","user_id":"`...)
		b = append(b, user...)
	}
	b = append(b, `","device_id":"`...)
	b = append(b, deviceID...)
	b = append(b, `","event_name":"`...)
	b = append(b, kindNames[e.kind]...)
	switch d {
	case noTimestamp:
		b = append(b, '"')
	case wrongType:
		b = append(b, `","timestamp":true`...)
	default:
		b = append(b, `","timestamp":"`...)
		b = appendTime(b, e.stated())
		b = append(b, '"')
	}
	b = append(b, `,"received_at":"`...)
	b = appendTime(b, e.received)
	b = append(b, '"')
	if !e.kind.inBackground() {
		b = append(b, `,"session_id":"`...)
		b = appendHex(b, e.visit.stamp)
		b = append(b, '"')
	}
	if e.screen != noScreen {
		b = append(b, `,"screen":"`...)
		b = append(b, screenNames[e.screen]...)
		b = append(b, '"')
	}
	b = append(b, device.head...)
	b = strconv.AppendInt(b, int64(e.visit.release), 10)
	b = append(b, ".0"...)
	b = append(b, device.tail...)
	b = appendProperties(b, e.kind, id)
	if d == cutShort {
		b = b[:start+(len(b)-start)*3/5]
	}
	return append(b, '\n')
}

// appendProperties appends what the app says beyond the common fields, made up
// from the id, and closes the record.
func appendProperties(b []byte, k kind, id uint64) []byte {
	number := func(n uint64) { b = strconv.AppendUint(b, n, 10) }
	text := func(choices ...string) { b = append(b, choices[id>>8%uint64(len(choices))]...) }
	b = append(b, `,"properties":{"network":"`...)
	text("wifi", "4g", "5g", "wifi", "offline")
	b = append(b, `","battery":`...)
	number(5 + id>>16%96)
	switch k {
	case screenView:
		b = append(b, `,"load_ms":`...)
		number(40 + id>>24%900)
	case tap:
		b = append(b, `,"element":"`...)
		text("save", "share", "filter", "photo", "next", "like", "back")
		b = append(b, `","position":`...)
		number(id >> 24 % 40)
	case search:
		b = append(b, `,"query":"`...)
		text("coast walk", "lisbon food tour", "münchen see", "京都 紅葉", "\\\"hidden\\\" waterfalls", "trilha fácil")
		b = append(b, `","results":`...)
		number(id >> 24 % 120)
	case tripView, bookingCompleted:
		b = append(b, `,"item":{"id":"t-`...)
		number(10000 + id>>24%9000)
		b = append(b, `","price_cents":`...)
		number(900 + id>>40%40000)
		b = append(b, `,"currency":"EUR"}`...)
	case appCrash:
		b = append(b, `,"reason":"`...)
		text("out_of_memory", "null_pointer", "watchdog")
		b = append(b, '"')
	case pushReceived, pushOpened:
		b = append(b, `,"push":"`...)
		text("weekend-ideas", "price-drop", "trip-reminder")
		b = append(b, '"')
	}
	return append(b, "}}"...)
}

// appendFate appends the event's line of truth, see [Fate].
func (e *event) appendFate(b []byte, seed uint64) []byte {
	b = append(b, `{"event_id":"`...)
	b = appendHex(b, e.id(seed))
	if fate := e.fate(); fate != "" {
		b = append(b, `","fate":"`...)
		b = append(b, fate...)
		return append(b, "\"}\n"...)
	}
	b = append(b, `","session":`...)
	b = strconv.AppendInt(b, e.session, 10)
	return append(b, "}\n"...)
}

// appendTime appends a time in milliseconds as RFC 3339 in UTC.
func appendTime(b []byte, ms int64) []byte {
	return time.UnixMilli(ms).UTC().AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

// appendHex appends 16 digits.
func appendHex(b []byte, x uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[x>>shift&15])
	}
	return b
}
