package main

import (
	"encoding/json"
	"time"
)

// generated is a record as sojourn generate writes it.
type generated struct {
	EventID           string          `json:"event_id"`
	UserID            string          `json:"user_id"`
	DeviceID          string          `json:"device_id"`
	EventName         string          `json:"event_name"`
	Timestamp         any             `json:"timestamp"` // missing, or no text, in an unusable record
	ReceivedAt        time.Time       `json:"received_at"`
	SessionID         string          `json:"session_id"`
	Screen            string          `json:"screen"`
	Platform          string          `json:"platform"`
	OSVersion         string          `json:"os_version"`
	AppVersion        string          `json:"app_version"`
	DeviceModel       string          `json:"device_model"`
	Country           string          `json:"country"`
	Language          string          `json:"language"`
	AcquisitionSource string          `json:"acquisition_source"`
	Campaign          string          `json:"campaign"`
	Properties        json.RawMessage `json:"properties"`
}

// at is when the event happened in microseconds since 1970, nil if the record
// does not say.
func (g *generated) at() (*int64, error) {
	text, ok := g.Timestamp.(string)
	if !ok {
		return nil, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	micros := t.UnixMicro()
	return &micros, err
}
