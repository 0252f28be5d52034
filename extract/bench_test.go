package extract_test

import (
	"testing"

	"sojourn/extract"
	"sojourn/internal/lake"
)

const benchRows = 200_000

// BenchmarkStage reads one object on one worker, from bytes to staged files.
func BenchmarkStage(b *testing.B) {
	content := extract.FlatRecords(benchRows, 5000)
	source := extract.FlatSource()
	source.Bucket = openBucket(b, map[string]string{"a.json": content})
	pending, _, err := extract.ListPending(b.Context(), []extract.Source{source}, nil)
	if err != nil {
		b.Fatal(err)
	}
	lakeBucket := openBucket(b, nil)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		batch, err := extract.Stage(b.Context(), lakeBucket, []extract.Source{source}, pending, "000001", extract.Options{Now: now, Workers: 1})
		if err != nil {
			b.Fatal(err)
		}
		if got := batch.Inputs[0].Events; got != benchRows {
			b.Fatalf("%d events, want %d", got, benchRows)
		}
	}
	b.ReportMetric(float64(benchRows*b.N)/b.Elapsed().Seconds(), "events/s")
}

// BenchmarkReadDay reads the staged files of a day, one subject after the other.
func BenchmarkReadDay(b *testing.B) {
	source := extract.FlatSource()
	source.Bucket = openBucket(b, map[string]string{"a.json": extract.FlatRecords(benchRows, 5000)})
	lakeBucket := openBucket(b, nil)
	staged := lake.Staged([]lake.Batch{stage(b, lakeBucket, source, extract.Options{Now: now})})
	rows := 0
	for b.Loop() {
		rows = 0
		for _, files := range staged {
			for events, err := range extract.ReadDay(b.Context(), lakeBucket, files) {
				if err != nil {
					b.Fatal(err)
				}
				rows += len(events)
			}
		}
	}
	if rows != benchRows {
		b.Fatalf("%d rows, want %d", rows, benchRows)
	}
	b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "events/s")
}
