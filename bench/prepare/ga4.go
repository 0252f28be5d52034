package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ga4Event is a row of the GA4 export to BigQuery, dumped as JSON, as an app
// has it. Whole numbers are texts.
type ga4Event struct {
	EventDate             string          `json:"event_date"`
	EventTimestamp        string          `json:"event_timestamp,omitempty"`
	EventName             string          `json:"event_name"`
	EventParams           []ga4Parameter  `json:"event_params"`
	EventBundleSequenceID string          `json:"event_bundle_sequence_id"`
	UserID                string          `json:"user_id,omitempty"`
	UserPseudoID          string          `json:"user_pseudo_id,omitempty"`
	PrivacyInfo           ga4Privacy      `json:"privacy_info"`
	UserProperties        []ga4Parameter  `json:"user_properties"`
	Device                ga4Device       `json:"device"`
	Geo                   ga4Geo          `json:"geo"`
	AppInfo               ga4App          `json:"app_info"`
	TrafficSource         ga4Traffic      `json:"traffic_source"`
	StreamID              string          `json:"stream_id"`
	Platform              string          `json:"platform"`
	Items                 json.RawMessage `json:"items"`
}

type ga4Parameter struct {
	Key   string   `json:"key"`
	Value ga4Value `json:"value"`
}

type ga4Value struct {
	Text  string `json:"string_value,omitempty"`
	Whole string `json:"int_value,omitempty"`
}

type ga4Privacy struct {
	AnalyticsStorage string `json:"analytics_storage"`
	AdsStorage       string `json:"ads_storage"`
}

type ga4Device struct {
	MobileModelName        string `json:"mobile_model_name"`
	OperatingSystem        string `json:"operating_system"`
	OperatingSystemVersion string `json:"operating_system_version"`
	Language               string `json:"language"`
	IsLimitedAdTracking    string `json:"is_limited_ad_tracking"`
}

type ga4Geo struct {
	Country string `json:"country"`
}

type ga4App struct {
	ID            string `json:"id"`
	Version       string `json:"version"`
	FirebaseAppID string `json:"firebase_app_id"`
}

type ga4Traffic struct {
	Source string `json:"source"`
	Name   string `json:"name,omitempty"`
}

// ga4Name names an object for its table, events_ and the date, which is its
// folders.
func ga4Name(generated string) string {
	folder, file := filepath.Split(plainName(generated))
	parts := strings.Split(filepath.Clean(folder), string(filepath.Separator))
	date := strings.Join(parts[len(parts)-3:], "")
	return filepath.Join(folder, "events_"+date+"_"+file+".gz")
}

// ga4 writes a record as the export has it, which does not say when an event
// was received. So it leaves out those that claim to be of more than a day after:
// nothing tells that their clock is wrong. The microseconds of an event, of which
// the record does not say more than thousands, are made up from its id.
func ga4(line []byte) ([]byte, error) {
	var g generated
	if err := json.Unmarshal(line, &g); err != nil {
		return nil, err
	}
	id, err := wholeOf(g.EventID)
	if err != nil {
		return nil, err
	}
	at, err := g.at()
	if err != nil {
		return nil, err
	}
	if at != nil && time.UnixMicro(*at).Sub(g.ReceivedAt) > 24*time.Hour {
		return nil, nil
	}
	params, err := ga4Parameters(&g)
	if err != nil {
		return nil, err
	}
	e := ga4Event{
		EventDate: g.ReceivedAt.Format("20060102"), EventName: g.EventName, EventParams: params,
		EventBundleSequenceID: strconv.FormatInt(id, 10), UserID: g.UserID, UserPseudoID: g.DeviceID,
		PrivacyInfo: ga4Privacy{"Yes", "No"}, UserProperties: []ga4Parameter{{"first_open_time", ga4Value{Whole: "1772323200000"}}},
		Device: ga4Device{
			MobileModelName: g.DeviceModel, OperatingSystem: g.Platform, OperatingSystemVersion: g.OSVersion,
			Language: g.Language, IsLimitedAdTracking: "Yes",
		},
		Geo: ga4Geo{g.Country}, AppInfo: ga4App{"com.example.trips", g.AppVersion, "1:1046:" + g.Platform + ":5a"},
		TrafficSource: ga4Traffic{g.AcquisitionSource, g.Campaign}, StreamID: "4417", Platform: g.Platform, Items: json.RawMessage("[]"),
	}
	if at != nil {
		e.EventTimestamp = strconv.FormatInt(*at+id%1000, 10)
	}
	return json.Marshal(e)
}

// ga4Parameters are session, screen and engagement as Google's library names
// them, and the properties of the record.
func ga4Parameters(g *generated) ([]ga4Parameter, error) {
	params := []ga4Parameter{{"engagement_time_msec", ga4Value{Whole: "1250"}}, {"firebase_event_origin", ga4Value{Text: "app"}}}
	if g.SessionID != "" {
		session, err := wholeOf(g.SessionID)
		if err != nil {
			return nil, err
		}
		params = append(params, ga4Parameter{"ga_session_id", ga4Value{Whole: strconv.FormatInt(session, 10)}})
	}
	if g.Screen != "" {
		params = append(params, ga4Parameter{"firebase_screen", ga4Value{Text: g.Screen}})
	}
	var properties map[string]any
	if err := json.Unmarshal(g.Properties, &properties); err != nil {
		return nil, err
	}
	if item, ok := properties["item"].(map[string]any); ok {
		delete(properties, "item")
		maps.Copy(properties, item)
	}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		switch v := properties[name].(type) {
		case string:
			params = append(params, ga4Parameter{name, ga4Value{Text: v}})
		case float64:
			params = append(params, ga4Parameter{name, ga4Value{Whole: strconv.FormatFloat(v, 'f', 0, 64)}})
		default:
			return nil, fmt.Errorf("property %s is %T", name, v)
		}
	}
	return params, nil
}

// wholeOf is a whole number for an id, which is hexadecimal.
func wholeOf(id string) (int64, error) {
	n, err := strconv.ParseUint(id, 16, 64)
	return int64(n >> 4), err
}
