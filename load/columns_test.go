package load

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/calendar"
)

func TestColumnsFollowTheTags(t *testing.T) {
	type row struct {
		Day     calendar.Day `parquet:"day,date" doc:"Day."`
		At      int64        `parquet:"at,timestamp(microsecond),optional" doc:"Time."`
		Country string       `parquet:"country,optional" doc:"Country."`
		Count   int64        `parquet:"count" doc:"Count."`
		Share   *float64     `parquet:"share,optional" doc:"Share."`
		Open    bool         `parquet:"open" doc:"Open."`
	}
	got, err := columns[row]()
	if err != nil {
		t.Fatal(err)
	}
	want := []Column{
		{"day", Date, false, "Day."},
		{"at", Timestamp, true, "Time."},
		{"country", String, true, "Country."},
		{"count", Int64, false, "Count."},
		{"share", Float64, true, "Share."},
		{"open", Bool, false, "Open."},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("columns (-want +got):\n%s", diff)
	}
}

func TestColumnsRefuseWhatNoWarehouseCanHold(t *testing.T) {
	tests := []struct {
		name    string
		columns func() ([]Column, error)
		want    string
	}{
		{"no doc", columns[struct {
			A string `parquet:"a"`
		}], "column a has no doc tag"},
		{"no name", columns[struct {
			A string `doc:"A."`
		}], "A: no column name in its parquet tag"},
		{"unsigned number", columns[struct {
			A uint64 `parquet:"a" doc:"A."`
		}], "column a: uint64"},
		{"list", columns[struct {
			A []string `parquet:"a,list" doc:"A."`
		}], "column a: []string"},
		{"pointer that is required", columns[struct {
			A *int64 `parquet:"a" doc:"A."`
		}], "tag it optional"},
		{"number whose 0 would be null", columns[struct {
			A float64 `parquet:"a,optional" doc:"A."`
		}], "column a: float64"},
		{"time in nanoseconds", columns[struct {
			A int32 `parquet:"a,timestamp(nanosecond)" doc:"A."`
		}], "column a: int32"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.columns(); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
		})
	}
}
