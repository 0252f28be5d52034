package schedules

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/load"
)

// warehouse reports partitions that the warehouse holds otherwise than the lake
// has them, and reference tables of the lake that are neither what the warehouse
// holds nor what would be published.
func (v *verifier) warehouse(ctx context.Context) (err error) {
	var references []load.File
	switch {
	case v.lacksManifests():
		v.note("the reference tables were not compared: they follow from all manifests, and some cannot be read")
	case len(v.inv.Days) > 0:
		if references, err = v.references(ctx, v.inv.Days, v.inv.Batches); err != nil {
			// What it reads is damaged, which is a finding already.
			v.note("the reference tables were not compared: %v", err)
		}
	}
	want := wanted(v.inv.Days, references)
	w, err := v.OpenWarehouse(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	have, err := w.Published(ctx)
	if err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	if err := v.referenceFiles(ctx, references, have); err != nil {
		return err
	}
	if len(v.inv.Days) == 0 && len(have) == 0 {
		return nil
	}
	want = slices.DeleteFunc(want, func(p load.Partition) bool { return p.Day != 0 && !v.options.Includes(p.Day) })
	v.found.Partitions = len(want)
	v.unserved(want, have)
	if auditor, ok := w.(load.Auditor); ok && len(have) > 0 {
		return v.audit(ctx, auditor, want, have)
	}
	return nil
}

// lacksManifests says whether a manifest of a batch or a day cannot be read.
func (v *verifier) lacksManifests() bool {
	for object := range v.inv.Unreadable {
		if lake.IsCommit(object) {
			return true
		}
	}
	return false
}

func (v *verifier) unserved(want []load.Partition, have map[load.PartitionKey]string) {
	lacking := map[calendar.Day][]string{}
	known := map[load.PartitionKey]bool{}
	for _, p := range want {
		known[p.Key()] = true
	}
	for _, p := range changed(want, have) {
		lacking[p.Day] = append(lacking[p.Day], p.Table)
	}
	for _, day := range slices.Sorted(maps.Keys(lacking)) {
		tables := lacking[day]
		which := strings.Join(tables[:min(len(tables), 3)], ", ")
		if more := len(tables) - 3; more > 0 {
			which += fmt.Sprintf(" and %d more", more)
		}
		v.find(Finding{Kind: Unserved, Day: day, Text: "the warehouse does not hold what the lake has of " + which, Do: "sojourn run"})
	}
	foreign := map[calendar.Day]int{}
	for key := range have {
		if _, made := v.inv.Days[key.Day]; key.Day != 0 && !made && v.options.Includes(key.Day) {
			foreign[key.Day]++
		}
	}
	for _, day := range slices.Sorted(maps.Keys(foreign)) {
		v.find(Finding{
			Kind: Unserved, Day: day, Text: fmt.Sprintf("the warehouse holds %d tables of it, and the lake has not made it", foreign[day]),
			Do: "sojourn run makes it if there are events; if not, they are of another lake: give each lake its own warehouse",
		})
	}
}

// referenceFiles reports reference tables in the lake that are damaged. No
// manifest names them: they are what was published, or was about to be.
func (v *verifier) referenceFiles(ctx context.Context, references []load.File, have map[load.PartitionKey]string) error {
	for object := range v.inv.Objects {
		table, isReference := strings.CutPrefix(strings.TrimSuffix(object, ".parquet"), "reference/")
		if !isReference || references == nil {
			continue
		}
		data, err := v.Lake.Read(ctx, object)
		if err != nil {
			return err
		}
		v.found.Files++
		v.found.Bytes += int64(len(data))
		is := digest(data)
		due := slices.ContainsFunc(references, func(f load.File) bool { return f.Table == table && f.SHA256 == is })
		if !due && have[load.PartitionKey{Table: table}] != is {
			v.find(Finding{
				Kind: Damaged, Object: object, Text: "it is neither what the warehouse holds nor what would be published now",
				Do: "delete it: a run writes it before it publishes it",
			})
		}
	}
	return nil
}

// audit reports partitions whose rows in the warehouse are not those that were
// published.
func (v *verifier) audit(ctx context.Context, w load.Auditor, want []load.Partition, have map[load.PartitionKey]string) error {
	held := slices.DeleteFunc(slices.Clone(want), func(p load.Partition) bool { return have[p.Key()] != p.SHA256 })
	wrong, err := w.Audit(ctx, held)
	if err != nil {
		return fmt.Errorf("warehouse: %w", err)
	}
	v.found.Audited = len(held)
	for _, m := range wrong {
		v.find(Finding{
			Kind: Unserved, Day: m.Day, Text: m.Table + ": " + m.Text + ": somebody else has written to the warehouse",
			Do: "drop the table " + m.Table + " in the warehouse and run sojourn run, which loads it again",
		})
	}
	return nil
}
