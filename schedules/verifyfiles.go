package schedules

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/lease"
	"sojourn/internal/parquetfile"
	"sojourn/internal/seal"
)

func (v *verifier) note(format string, args ...any) {
	v.found.Notes = append(v.found.Notes, fmt.Sprintf(format, args...))
}

// manifests reports manifests that could not be read, and those that lie under
// a name that is not theirs.
func (v *verifier) manifests(ctx context.Context) {
	v.leases(ctx)
	for _, object := range slices.Sorted(maps.Keys(v.inv.Unreadable)) {
		v.find(Finding{Kind: Damaged, Object: object, Text: "it cannot be read: " + v.inv.Unreadable[object].Error(), Do: repairOfManifest(object)})
	}
	for _, id := range slices.Sorted(maps.Keys(v.inv.Staged)) {
		for object, err := range v.inv.Staged[id].Unreadable {
			v.find(Finding{Kind: Damaged, Object: lake.StagedObjectOf(id, object), Text: "it cannot be read: " + err.Error(), Do: cancelBackfill(id)})
		}
	}
	misplaced := func(object string) {
		if _, there := v.inv.Objects[object]; !there {
			v.find(Finding{Kind: Damaged, Object: object, Text: "its manifest lies under another name", Do: repairOfManifest(object)})
		}
	}
	for _, b := range v.inv.Batches {
		misplaced(lake.BatchManifest(b.ID))
	}
	for day := range v.inv.Days {
		misplaced(lake.DayManifest(day))
	}
	for day, all := range v.inv.Revisions {
		for _, m := range all {
			misplaced(lake.RevisionManifest(day, m.Revision))
		}
	}
}

// leases reports leases that are not what was written.
func (v *verifier) leases(ctx context.Context) {
	for object := range v.inv.Objects {
		if !strings.HasPrefix(object, lease.Folder) || path.Ext(object) != ".json" {
			continue
		}
		data, err := v.Lake.Read(ctx, object)
		if errors.Is(err, fs.ErrNotExist) {
			continue // given back meanwhile
		}
		sealed := false
		if err == nil {
			sealed, err = seal.Decode(data, new(lease.Lease))
		}
		if err != nil {
			v.inv.Unreadable[object] = err
			continue
		}
		v.found.Manifests++
		if !sealed {
			v.found.Unsealed++
		}
	}
}

func cancelBackfill(id string) string {
	return "sojourn backfill cancel " + id + " --reason TEXT, and stage it again"
}

// repairOfManifest says what to do about a manifest that is damaged.
func repairOfManifest(object string) string {
	name, folder := strings.TrimSuffix(path.Base(object), ".json"), path.Dir(object)+"/"
	switch {
	case folder == path.Dir(lake.BatchManifest("x"))+"/":
		return repairOfBatch(name)
	case folder == path.Dir(lake.DayManifest(0))+"/":
		return "delete it and run sojourn run, which makes the day again"
	case strings.HasPrefix(object, "runs/revisions/"):
		return "bring it back from a copy, or delete it: the table restatements then lacks what that revision moved"
	case folder == lease.Folder:
		return "sojourn lock release --reason TEXT; if it is not the highest number, delete it"
	case strings.HasPrefix(object, "runs/applied/"):
		return "bring it back from a copy, or delete it and run sojourn backfill --affected"
	case strings.HasPrefix(object, "runs/erasures/"):
		return "bring it back from a copy, or delete it and run sojourn erase --resume " + name
	case strings.HasPrefix(object, "runs/tombstones/"):
		return "bring it back from a copy: without it people who were erased come back"
	case strings.HasPrefix(object, "backfills/"):
		return "delete everything under " + folder + " and stage it again"
	}
	return "bring it back from a copy"
}

func repairOfBatch(id string) string {
	return "bring it back from a copy, or, while the raw objects are there: delete " + lake.BatchManifest(id) +
		" and all files batch-" + id + "-*, and run sojourn run, which reads the objects again"
}

func repairOfDay(day calendar.Day) string {
	return fmt.Sprintf("sojourn backfill --from %s --to %s --force", day, day)
}

// A claim is what a manifest says of a file.
type claim struct {
	lake.File
	bucket *bucket.Bucket
	object string // in the lake, if that is another than in the bucket
	do     string // what to do if it is not so
}

// files reads all files that manifests name, and reports those that are not
// what they say, and all objects that no manifest names.
func (v *verifier) files(ctx context.Context) error {
	claims := v.claims()
	var mu sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(max(4, v.Workers))
	found := make([]*Finding, len(claims))
	for i, c := range claims {
		group.Go(func() error {
			why, kind, err := c.check(ctx)
			if err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			v.found.Files++
			v.found.Bytes += c.Bytes
			if why != "" {
				found[i] = &Finding{Kind: kind, Object: c.object, Day: c.Day, Text: why, Do: c.do}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, f := range found {
		if f != nil {
			v.find(*f)
		}
	}
	v.leftovers()
	return nil
}

// claims returns what the manifests say of the files of the days asked for.
func (v *verifier) claims() []claim {
	var all []claim
	add := func(f lake.File, do string) {
		if _, twice := v.named[f.Object]; f.Object == "" || twice {
			return
		}
		v.named[f.Object] = f.SHA256
		if f.Day == 0 || v.options.Includes(f.Day) {
			all = append(all, claim{f, v.Lake, f.Object, do})
		}
	}
	for _, b := range v.inv.Batches {
		for _, f := range slices.Concat(b.Staged, b.Quarantine, b.Identity) {
			add(f, repairOfBatch(b.ID))
		}
	}
	for _, day := range slices.Sorted(maps.Keys(v.inv.Days)) {
		for _, f := range dayFiles(v.inv.Days[day]) {
			add(f.File, repairOfDay(day))
		}
	}
	for _, f := range kept(v.inv) {
		add(f, "delete it: that revision of the table is then not kept any more")
	}
	for _, id := range slices.Sorted(maps.Keys(v.inv.Staged)) {
		all = append(all, v.stagedClaims(id)...)
	}
	return all
}

// kept returns the tables of earlier revisions that are kept.
func kept(inv *lake.Inventory) []lake.File {
	var files []lake.File
	for day, manifests := range inv.Revisions {
		if m, ok := inv.Days[day]; ok {
			manifests = append(slices.Clone(manifests), m) // a run may have been killed before it was replaced
		}
		for _, m := range manifests {
			for table, f := range m.Tables {
				f.Object = lake.HistoryObject(table, day, m.Revision)
				if _, there := inv.Objects[f.Object]; there {
					files = append(files, f)
				}
			}
		}
	}
	slices.SortFunc(files, func(a, b lake.File) int { return strings.Compare(a.Object, b.Object) })
	return files
}

// stagedClaims returns what the manifests of a staged backfill say of the files
// that it has made.
func (v *verifier) stagedClaims(id string) []claim {
	var all []claim
	staged := v.inv.Staged[id]
	beside := v.Lake.Sub(lake.StagedObjectOf(id, ""))
	for _, day := range slices.Sorted(maps.Keys(staged.Days)) {
		for _, f := range dayFiles(staged.Days[day]) {
			if _, there := staged.Objects[f.Object]; !there && v.named[f.Object] == f.SHA256 {
				continue // it is the lake's
			}
			if v.options.Includes(day) {
				all = append(all, claim{f.File, beside, lake.StagedObjectOf(id, f.Object), cancelBackfill(id)})
			}
		}
	}
	for _, f := range kept(staged) {
		all = append(all, claim{f, beside, lake.StagedObjectOf(id, f.Object), cancelBackfill(id)})
	}
	return all
}

// check reads a file whole and says what is wrong with it, "" if nothing is.
func (c claim) check(ctx context.Context) (why string, kind FindingKind, err error) {
	r, err := c.bucket.Open(ctx, c.Object)
	if errors.Is(err, fs.ErrNotExist) {
		return "a manifest names it, and it is not there", Lost, nil
	}
	if err != nil {
		return "", "", err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, r)
	if err := errors.Join(err, r.Close()); err != nil {
		return "", "", fmt.Errorf("read %s of %s: %w", c.Object, c.bucket, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != c.SHA256 {
		return fmt.Sprintf("it has %d bytes with digest %.12s…, and its manifest says %d with %.12s…", size, got, c.Bytes, c.SHA256), Damaged, nil
	}
	if size != c.Bytes {
		return fmt.Sprintf("it has %d bytes, and its manifest says %d", size, c.Bytes), Damaged, nil
	}
	if path.Ext(c.Object) != ".parquet" {
		return "", "", nil
	}
	rows, err := parquetfile.Rows(&ranges{ctx, c.bucket, c.Object}, size)
	if err != nil {
		return err.Error(), Damaged, nil
	}
	if rows != c.Rows {
		return fmt.Sprintf("it has %d rows, and its manifest says %d", rows, c.Rows), Damaged, nil
	}
	return "", "", nil
}

// ranges reads parts of an object.
type ranges struct {
	ctx    context.Context
	bucket *bucket.Bucket
	object string
}

func (r *ranges) ReadAt(p []byte, at int64) (int, error) {
	data, err := r.bucket.ReadRange(r.ctx, r.object, at, int64(len(p)))
	n := copy(p, data)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

// leftovers notes the objects that no manifest names: a run that is killed
// leaves them, and they do not count.
func (v *verifier) leftovers() {
	for _, object := range slices.Sorted(maps.Keys(v.inv.Objects)) {
		switch {
		case v.named[object] != "", v.inv.IsStaged(object), strings.HasPrefix(object, lease.Folder), strings.HasPrefix(object, "reference/"),
			lake.IsManifest(object), lake.IsSalt(object):
		case v.ofUnreadable(object):
		default:
			v.found.Leftovers = append(v.found.Leftovers, object)
		}
	}
}

// ofUnreadable says whether a manifest that cannot be read may name an object.
func (v *verifier) ofUnreadable(object string) bool {
	for manifest := range v.inv.Unreadable {
		name := strings.TrimSuffix(path.Base(manifest), ".json")
		switch path.Dir(manifest) + "/" {
		case path.Dir(lake.BatchManifest("x")) + "/":
			if strings.Contains(object, "batch-"+name) {
				return true
			}
		default:
			if strings.Contains(object, "date="+name+"/") || strings.HasPrefix(object, "history/") || strings.HasPrefix(object, "backfills/") {
				return true
			}
		}
	}
	return false
}
