package load_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/load"
)

func TestRevisionCountsTheContentsOfAPartition(t *testing.T) {
	content := func(digest string) load.Partition {
		return load.Partition{Table: "sessions", Day: 1, Object: "o", Rows: 1, SHA256: digest}
	}
	emptied := load.Partition{Table: "sessions", Day: 1}
	type step struct {
		partition   load.Partition
		interrupted bool
		revision    int64 // 0: nothing to do
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"the same content again is nothing to do", []step{{content("a"), false, 1}, {content("a"), false, 0}}},
		{"an old content is new when it returns", []step{{content("a"), false, 1}, {content("b"), false, 2}, {content("a"), false, 3}, {content("b"), false, 4}}},
		{"an interrupted replacement is tried again", []step{{content("a"), true, 1}, {content("a"), false, 1}, {content("a"), false, 0}}},
		{"interrupted by another content, and again", []step{{content("a"), true, 1}, {content("b"), true, 2}, {content("a"), false, 3}}},
		{"an old content after an interruption", []step{{content("a"), false, 1}, {content("b"), true, 2}, {content("a"), false, 3}}},
		{"emptied once and filled again", []step{{content("a"), false, 1}, {emptied, false, 2}, {emptied, false, 0}, {content("a"), false, 3}}},
		{"emptied though nothing is known of it", []step{{emptied, false, 1}, {emptied, false, 0}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var held load.Publications
			for i, step := range test.steps {
				changes, err := held.Changes([]load.Partition{step.partition})
				if err != nil {
					t.Fatal(err)
				}
				var want []load.Change
				if step.revision > 0 {
					want = []load.Change{{Partition: step.partition, Revision: step.revision}}
				}
				if diff := cmp.Diff(want, changes); diff != "" {
					t.Fatalf("step %d (-want +got):\n%s", i, diff)
				}
				held = held.With(changes)
				if step.interrupted {
					leaveHalfWay(held, changes)
				}
			}
		})
	}
}

// leaveHalfWay makes the publications those of an earlier version that was
// interrupted while it made the changes.
func leaveHalfWay(held load.Publications, changes []load.Change) {
	for _, c := range changes {
		p := held[c.Key()]
		p.Complete = false
		held[c.Key()] = p
	}
}

func TestOnlyCompletePartitionsCountAsPublished(t *testing.T) {
	var held load.Publications
	changes, err := held.Changes([]load.Partition{
		{Table: "users", Day: 2, Object: "o", SHA256: "b"},
		{Table: "sessions", Day: 2},
		{Table: "sessions", Day: 1, Object: "o", SHA256: "a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	halfWay := held.With(changes)
	leaveHalfWay(halfWay, changes)
	if got := halfWay.Digests(); len(got) != 0 {
		t.Errorf("being replaced, but published: %v", got)
	}
	want := map[load.PartitionKey]string{{Table: "sessions", Day: 1}: "a", {Table: "users", Day: 2}: "b"}
	if diff := cmp.Diff(want, held.With(changes).Digests()); diff != "" {
		t.Errorf("digests (-want +got):\n%s", diff)
	}
}

func TestChangesRefuseWhatCannotBePublished(t *testing.T) {
	day1 := load.Partition{Table: "sessions", Day: 1}
	for name, partitions := range map[string][]load.Partition{
		"unknown table":         {{Table: "orders", Day: 1}},
		"partition named twice": {day1, day1},
	} {
		if changes, err := (load.Publications{}).Changes(partitions); err == nil {
			t.Errorf("%s: %v", name, changes)
		}
	}
}
