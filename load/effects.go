package load

import (
	"fmt"

	"sojourn/internal/parquetfile"
	"sojourn/transform"
)

func interventionEffects() Table {
	return withColumns[transform.InterventionEffect](Table{
		Name: "intervention_effects",
		Doc:  "The app beside itself: each metric before and after each of the configured interventions, matched by weekday, with an interval, placebo dates and a verdict in words.",
		Key:  []string{"intervention", "metric"},
	})
}

// EncodeEffects returns the file of intervention_effects, which has no days.
func EncodeEffects(rows []transform.InterventionEffect) (File, error) {
	f, err := encode(interventionEffects(), 0, rows)
	if err != nil {
		return File{}, fmt.Errorf("table intervention_effects: %w", err)
	}
	return f, nil
}

// ReadDailySessions returns the rows of a file of daily_sessions, in their order.
func ReadDailySessions(data []byte) ([]transform.DailySessions, error) {
	return parquetfile.Decode[transform.DailySessions](data)
}

// ReadDailyFrequency returns the rows of a file of daily_frequency, in their order.
func ReadDailyFrequency(data []byte) ([]transform.DailyFrequency, error) {
	return parquetfile.Decode[transform.DailyFrequency](data)
}

// ReadDailyRetention returns the rows of a file of daily_retention, in their order.
func ReadDailyRetention(data []byte) ([]transform.DailyRetention, error) {
	return parquetfile.Decode[transform.DailyRetention](data)
}
