package schedules

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/lease"
)

// VerifyOptions say what of a lake is verified.
type VerifyOptions struct {
	Range     // days; files that are of no day always
	Recompute Recompute
	Sample    float64 // share of the days that are made again, 0 to 1
	Seed      uint64  // which of them: the same days for the same seed
	Warehouse bool    // also what the warehouse holds
}

// Recompute says from what days are made again.
type Recompute string

// From what days are made again.
const (
	RecomputeNothing Recompute = ""
	RecomputeStaged  Recompute = "staged" // staged events
	RecomputeRaw     Recompute = "raw"    // raw objects: all of them, whatever days are asked for
)

// A Finding is something that is not as it should be.
type Finding struct {
	Kind   FindingKind  `json:"kind"`
	Object string       `json:"object,omitempty"` // of the lake
	Day    calendar.Day `json:"date,omitzero"`
	Text   string       `json:"text"` // what is wrong
	Do     string       `json:"do"`   // what to do about it
}

// A FindingKind says what is wrong.
type FindingKind string

// The kinds of findings.
const (
	Lost       FindingKind = "missing"    // a file that a manifest names is not there
	Damaged    FindingKind = "damaged"    // a file or manifest is not what was written
	Unbalanced FindingKind = "unbalanced" // what a manifest counts does not add up
	Unchained  FindingKind = "unchained"  // a day does not start from the end of the one before
	Unserved   FindingKind = "warehouse"  // the warehouse holds something else
	Different  FindingKind = "different"  // made again, it comes out different
)

// A Verification is what came of verifying a lake.
type Verification struct {
	Manifests  int            `json:"manifests"`
	Unsealed   int            `json:"unsealed"` // of them, of versions that did not seal them yet: only what is in them can be checked
	Files      int            `json:"files"`    // that were read whole
	Bytes      int64          `json:"bytes"`
	Days       int            `json:"days"`
	Recomputed []calendar.Day `json:"recomputed,omitempty"` // days made again and compared
	Partitions int            `json:"partitions"`           // of the warehouse that were compared
	Audited    int            `json:"audited"`              // of them, whose rows were counted
	Findings   []Finding      `json:"findings"`
	Leftovers  []string       `json:"leftovers,omitempty"` // objects that no manifest names, as runs leave that were killed
	Notes      []string       `json:"notes,omitempty"`     // what could not be checked, and why
}

// A verifier verifies a lake.
type verifier struct {
	*Pipeline
	options VerifyOptions
	inv     *lake.Inventory
	found   Verification

	named map[string]string // digests of the files that manifests of the lake name
}

// Verify compares a lake with what its manifests say, byte for byte, and its
// days with each other and with the warehouse. If asked, it makes days again and
// compares them. It writes nothing.
//
// Its error is one of reading; what is wrong with the lake is in the findings.
func (p *Pipeline) Verify(ctx context.Context, o VerifyOptions) (Verification, error) {
	v := &verifier{Pipeline: p, options: o, named: map[string]string{}}
	if l, standing, err := p.LockStatus(ctx); err == nil && standing == lease.Valid {
		v.note("%v is at work: what it is about to change may be among the findings; verify again when it is done", l.Holder)
	}
	var err error
	if v.inv, err = lake.Take(ctx, p.Lake); err != nil {
		return v.found, err
	}
	if !v.inv.IsOfRuns() {
		v.find(Finding{Kind: Lost, Text: fmt.Sprintf("there is no lake at %s: no run has written to it", p.Lake), Do: "is lake, or --lake, right? sojourn run makes it"})
	}
	v.found.Manifests, v.found.Unsealed, v.found.Days = v.inv.Manifests, v.inv.Unsealed, len(v.inv.Days)
	v.manifests(ctx)
	if err := v.files(ctx); err != nil {
		return v.found, err
	}
	v.balance()
	v.chained()
	if o.Warehouse {
		if err := v.warehouse(ctx); err != nil {
			return v.found, err
		}
	}
	switch o.Recompute {
	case RecomputeStaged:
		err = v.recomputeStaged(ctx)
	case RecomputeRaw:
		err = v.recomputeRaw(ctx)
	}
	slices.SortStableFunc(v.found.Findings, func(a, b Finding) int { return strings.Compare(string(a.Kind), string(b.Kind)) })
	return v.found, err
}

func (v *verifier) find(f Finding) { v.found.Findings = append(v.found.Findings, f) }
