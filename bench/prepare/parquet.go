package main

import (
	"encoding/json"
	"io"

	"github.com/parquet-go/parquet-go"
)

// parquetRow is a record in Parquet: what is empty, or no time, is null.
type parquetRow struct {
	EventID           string `parquet:"event_id"`
	UserID            string `parquet:"user_id,optional"`
	DeviceID          string `parquet:"device_id,optional"`
	EventName         string `parquet:"event_name"`
	Timestamp         *int64 `parquet:"timestamp,optional,timestamp(microsecond)"`
	ReceivedAt        int64  `parquet:"received_at,timestamp(microsecond)"`
	SessionID         string `parquet:"session_id,optional"`
	Screen            string `parquet:"screen,optional"`
	Platform          string `parquet:"platform"`
	OSVersion         string `parquet:"os_version"`
	AppVersion        string `parquet:"app_version"`
	DeviceModel       string `parquet:"device_model"`
	Country           string `parquet:"country"`
	Language          string `parquet:"language"`
	AcquisitionSource string `parquet:"acquisition_source"`
	Campaign          string `parquet:"campaign,optional"`
	Properties        string `parquet:"properties"`
}

// parquetRecords are the rows of a Parquet object.
type parquetRecords struct {
	out *parquet.GenericWriter[parquetRow]
}

func openParquet(_ string, out io.Writer) (records, error) {
	return parquetRecords{parquet.NewGenericWriter[parquetRow](out, parquet.Compression(&parquet.Snappy))}, nil
}

// write counts the bytes of the line: a row has no size of its own.
func (r parquetRecords) write(line []byte) (int, error) {
	var g generated
	if err := json.Unmarshal(line, &g); err != nil {
		return 0, err
	}
	at, err := g.at()
	if err != nil {
		return 0, err
	}
	_, err = r.out.Write([]parquetRow{{
		EventID: g.EventID, UserID: g.UserID, DeviceID: g.DeviceID, EventName: g.EventName,
		Timestamp: at, ReceivedAt: g.ReceivedAt.UnixMicro(), SessionID: g.SessionID, Screen: g.Screen,
		Platform: g.Platform, OSVersion: g.OSVersion, AppVersion: g.AppVersion, DeviceModel: g.DeviceModel,
		Country: g.Country, Language: g.Language, AcquisitionSource: g.AcquisitionSource, Campaign: g.Campaign,
		Properties: string(g.Properties),
	}})
	return len(line), err
}

func (r parquetRecords) close() error { return r.out.Close() }
