package transform

import (
	"cmp"
	"math/bits"
	"strings"

	"sojourn/internal/calendar"
)

// CohortRetention is a row of cohort_retention: how many users of a cohort came
// back, by a retention that the configuration declares. It stands under the
// day on which it is complete.
type CohortRetention struct {
	Date      calendar.Day `parquet:"date,date" doc:"Day on which the row is complete: the last of its periods; for windows of 24 hours the day at whose end every member has passed the window; the next day with data where that one has none. For on_or_after the day as of which it holds. Partition column."`
	Cut       string       `parquet:"cut" doc:"total: the whole cohort; else a segmentation of cuts."`
	Segment   string       `parquet:"segment,optional" doc:"Segment of the cut that the users were in at the end of the day of their anchor; null in the total and where unknown."`
	Retention string       `parquet:"retention" doc:"Name of the retention in the configuration."`
	Cohort    calendar.Day `parquet:"cohort_date,date" doc:"First day of the cohort's period: users whose anchor was in it."`
	Period    int64        `parquet:"period_n" doc:"Period after the cohort's in which a return counts, from 0; of a bracket the first, for on_or_after the first of all that count."`
	Last      *int64       `parquet:"last_period_n,optional" doc:"Last period in which a return counts; null for on_or_after."`
	By        string       `parquet:"period_unit" doc:"day, 24h, week or month."`
	Mode      string       `parquet:"mode" doc:"exact, on_or_after or brackets."`
	Users     int64        `parquet:"cohort_users" doc:"Users in the cohort."`
	Retained  int64        `parquet:"retained_users" doc:"Users of the cohort who returned; for on_or_after up to the end of date."`
	Rate      float64      `parquet:"retention_rate" doc:"retained_users divided by cohort_users, 0 to 1."`

	DefinitionDigest string `parquet:"definition_digest" doc:"Digest of the session definition that made the row."`
}

// A retentionCell is a cell of a declared retention's triangle.
type retentionCell struct {
	Cut
	retention string
	cohort    calendar.Day
	cell      int
}

func (k retentionCell) compare(o retentionCell) int {
	return cmp.Or(k.Cut.compare(o.Cut), strings.Compare(k.retention, o.retention), cmp.Compare(k.cohort, o.cohort), cmp.Compare(k.cell, o.cell))
}

// declaredRetention is a retention that the configuration declares.
type declaredRetention struct {
	*Retention
	cells []Bracket
}

func declaredRetentions(a *Analysis) map[string]declaredRetention {
	declared := map[string]declaredRetention{}
	for i := range a.Retentions {
		declared[a.Retentions[i].Name] = declaredRetention{&a.Retentions[i], a.Retentions[i].cells()}
	}
	return declared
}

// addCohorts counts a user in the cells that stand under the day.
func (t *Tally) addCohorts(u *UserDay) {
	for i := range u.Retention {
		r := &u.Retention[i]
		declared, ok := t.retentions[r.Retention]
		if !ok || r.Complete == 0 {
			continue
		}
		cuts := t.cutsOf(r.Segments)
		for left := uint64(r.Complete); left != 0; left &= left - 1 {
			k := bits.TrailingZeros64(left)
			one := retentionSum{cohort: 1}
			if r.Returned>>k&1 == 1 || declared.Mode == OnOrAfter && r.Returned>>k != 0 {
				one.retained = 1
			}
			at(t.cells, retentionCell{Cut{Name: total}, r.Retention, r.Cohort, k}).merge(&one)
			for _, cut := range cuts {
				at(t.cells, retentionCell{cut, r.Retention, r.Cohort, k}).merge(&one)
			}
		}
	}
}

// cutsOf are the cuts that the segments of a user name, read once.
func (t *Tally) cutsOf(segments string) []Cut {
	cuts, ok := t.written[segments]
	if !ok {
		cuts = readCuts(segments)
		t.written[segments] = cuts
	}
	return cuts
}

func (t *Tally) cohortRows() []CohortRetention {
	return sortedRows(t.cells, retentionCell.compare, func(k retentionCell, s *retentionSum) CohortRetention {
		declared := t.retentions[k.retention]
		c := declared.cells[k.cell]
		r := CohortRetention{
			Date: t.day, Cut: k.Name, Segment: k.Segment, Retention: k.retention, Cohort: k.cohort, Period: int64(c.First),
			By: string(declared.By), Mode: string(declared.Mode),
			Users: s.cohort, Retained: s.retained, Rate: float64(s.retained) / float64(s.cohort),
			DefinitionDigest: t.digest,
		}
		if declared.Mode != OnOrAfter {
			r.Last = ptr(int64(c.Last))
		}
		return r
	})
}

// key is what tells a row from others of its cut and segment.
func (r *CohortRetention) key() string {
	last := int64(-1)
	if r.Last != nil {
		last = *r.Last
	}
	return key(len(r.Retention), r.Retention, r.Cohort, r.Period, last)
}
