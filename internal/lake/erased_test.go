package lake_test

import (
	"context"
	"strings"
	"testing"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
)

func memory(t *testing.T) *bucket.Bucket {
	t.Helper()
	b, err := bucket.Open(context.Background(), "mem://", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// erasedFrom sets a tombstone for ids.
func erasedFrom(t *testing.T, b *bucket.Bucket, ids ...string) *lake.Erased {
	t.Helper()
	drawn, err := lake.DrawErased(t.Context(), b, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := lake.WriteTombstone(t.Context(), b, drawn.NewTombstone(nil, ids)); err != nil {
		t.Fatal(err)
	}
	erased, err := lake.ReadErased(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return erased
}

func TestErasedIDIsFoundAsAWord(t *testing.T) {
	erased := erasedFrom(t, memory(t), "ann", "a/b c", "zoë@example.org", "{7}")
	for text, want := range map[string]bool{
		`{"user_id":"ann"}`:                   true,
		`ann`:                                 true,
		`uid=ann&x=1`:                         true,
		`ann,2026-01-01`:                      true,
		`<user>ann</user>`:                    true,
		`{"user_id":"joann"}`:                 false,
		`{"user_id":"annabel"}`:               false,
		`{"user_id":"ann-marie"}`:             false,
		`ann.of@example.org`:                  false,
		`"\u0061nn"`:                          true, // JSON may escape any character
		`"a\/b c"`:                            true,
		`uid=a%2Fb%20c`:                       true,
		`"zo\u00eb@example.org"`:              true,
		`"zoë@example.org"`:                   true,
		`"zoe@example.org"`:                   false,
		`{"id":"{7}"}`:                        true,
		`{"id":{7}}`:                          true,
		``:                                    false,
		`\u00`:                                false,
		`%`:                                   false,
		strings.Repeat(`"\\`, 100) + ` ann"`:  true,
		"\xff\xfe" + `{"user_id":"ann"}`:      true,
		strings.Repeat("x", 1<<16) + ` "ann"`: true,
	} {
		if got := erased.In([]byte(text)); got != want {
			t.Errorf("in %.60q: %v", text, got)
		}
	}
	for name, want := range map[string]bool{
		"a/ann/x.json":        true,
		"a/user-ann/x.json":   true,
		"a/user_ann.json":     true,
		"ann.ndjson":          true,
		"day=1/uid%3Dann.csv": true,
		"joann/annabel.json":  false,
		"":                    false,
	} {
		if got := erased.InName(name); got != want {
			t.Errorf("in the name %q: %v", name, got)
		}
	}
	if !erased.Has("ann") || erased.Has("bob") || erased.Has("") || erased.Has("Ann") {
		t.Error("an id is not what it is")
	}
}

// What is kept of an id is not the id, and no other lake keeps the same.
func TestTombstonesHaveNoIDs(t *testing.T) {
	var kept []string
	for range 2 {
		b := memory(t)
		erasedFrom(t, b, "ann")
		data, err := b.Read(t.Context(), lake.TombstoneObject("0001"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(data), "ann") {
			t.Errorf("the tombstone has the id: %s", data)
		}
		kept = append(kept, string(data))
	}
	if kept[0] == kept[1] {
		t.Error("two lakes hash alike: whoever has one tombstone can tell of the other lake")
	}
}

func TestTombstonesWithoutSaltAreAnError(t *testing.T) {
	b := memory(t)
	if erased, err := lake.ReadErased(t.Context(), b); err != nil || erased.Anybody() || erased.Has("ann") {
		t.Errorf("in a new lake %v is erased, error %v", erased, err)
	}
	erasedFrom(t, b, "ann")
	if err := b.Delete(t.Context(), "runs/tombstones/salt"); err != nil {
		t.Fatal(err)
	}
	if _, err := lake.ReadErased(t.Context(), b); err == nil || !strings.Contains(err.Error(), "salt is gone") {
		t.Errorf("without the salt: %v", err)
	}
	if _, err := lake.DrawErased(t.Context(), b, false); err == nil {
		t.Error("a new salt was drawn, under which nobody would be known any more")
	}
}

func TestRewrittenObjectsKeepOneName(t *testing.T) {
	object := "events/date=2026-01-30/batch-000001-000.parquet"
	once := lake.RewrittenObject(object, "0001")
	if want := "events/date=2026-01-30/batch-000001-000-erasure-0001.parquet"; once != want {
		t.Errorf("%s, want %s", once, want)
	}
	if twice := lake.RewrittenObject(once, "0002"); twice != lake.RewrittenObject(object, "0002") {
		t.Errorf("rewritten twice it is %s", twice)
	}
}
