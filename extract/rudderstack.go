package extract

import (
	"slices"
	"strings"
)

// rudderStackProduct is what RudderStack writes to a bucket:
// rudder-logs/{source}/{day of upload}/{seconds since 1970}.{source}.{uuid}.json.gz.
// The records are those of the Segment specification, with the session that
// the libraries keep: its id is in milliseconds from browsers and in seconds
// from phones, and stays as it is written.
func rudderStackProduct() product {
	fields := segmentFields()
	fields["session_id"] = Field{Path: "context.sessionId"}
	fields["new_session"] = Field{Path: "context.sessionStart"}
	return product{
		name: "rudderstack", paths: segmentPaths(), fields: fields, bags: segmentBags(),
		is: func(v []value) bool {
			return isSegmentSpec(v) && !hasSegmentMarks(v)
		},
		objects:   rudderStackObjects,
		corrected: true,
		assembler: specified(func(v []value, fields *[fieldCount]value) {
			fields[sessionID] = v[rudderSession]
			fields[newSession] = v[rudderSessionStart]
		}),
	}
}

// The same events go to warehouses by way of a folder of their own, in another
// form.
func rudderStackObjects(name string) objectRole {
	if slices.Contains(strings.Split(name, "/"), "rudder-warehouse-staging-logs") {
		return objectRole{contents: noData}
	}
	return objectRole{}
}
