package transform_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"sojourn/transform"
)

func TestIdentityFollowsAliasesToTheirEnds(t *testing.T) {
	for _, test := range []struct {
		name    string
		aliases []transform.Alias
		want    map[string]string // user of an event: who it is
	}{
		{"nothing is said", nil, map[string]string{"a": "a"}},
		{"one stands for another", []transform.Alias{{From: "a", To: "b"}}, map[string]string{"a": "b", "b": "b", "c": "c"}},
		{"over several steps", []transform.Alias{{From: "b", To: "c"}, {From: "a", To: "b"}}, map[string]string{"a": "c", "b": "c"}},
		{"the later of two counts", []transform.Alias{{From: "a", To: "b", At: 2}, {From: "a", To: "c", At: 1}}, map[string]string{"a": "b"}},
		{"a circle is its least id", []transform.Alias{{From: "b", To: "c"}, {From: "c", To: "b"}, {From: "a", To: "c"}}, map[string]string{"a": "b", "b": "b", "c": "b"}},
		{"for itself says nothing", []transform.Alias{{From: "a", To: "a"}}, map[string]string{"a": "a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			identity := transform.NewIdentity(test.aliases)
			got := map[string]string{}
			for user := range test.want {
				events := []transform.Event{{UserID: user}}
				new(transform.Definition).Identify(events, identity, transform.Known{})
				got[user] = events[0].UserID
			}
			if diff := gocmp.Diff(test.want, got); diff != "" {
				t.Errorf("users (-want +got):\n%s", diff)
			}
			if (identity.Len() == 0) != (identity.Digest() == "") {
				t.Errorf("%d ids have the digest %q", identity.Len(), identity.Digest())
			}
		})
	}
}

// The order in which aliases were found does not show.
func TestIdentityDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"})
		aliases := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) transform.Alias {
			return transform.Alias{From: id.Draw(t, "from"), To: id.Draw(t, "to"), At: rapid.Int64Range(0, 2).Draw(t, "at")}
		}), 0, 8).Draw(t, "aliases")
		one, other := transform.NewIdentity(aliases), transform.NewIdentity(rapid.Permutation(aliases).Draw(t, "order"))
		if one.Digest() != other.Digest() {
			t.Fatalf("%s and %s", one.Digest(), other.Digest())
		}
	})
}

// A device that stands for a person has that person, unless somebody is signed in.
func TestADeviceMayStandForAUser(t *testing.T) {
	identity := transform.NewIdentity([]transform.Alias{{From: "d1", To: "ann"}})
	events := []transform.Event{{DeviceID: "d1"}, {DeviceID: "d1", UserID: "bob"}, {DeviceID: "d2"}}
	new(transform.Definition).Identify(events, identity, transform.Known{})
	if events[0].UserID != "ann" || events[1].UserID != "bob" || events[2].UserID != "" {
		t.Errorf("users %q, %q and %q", events[0].UserID, events[1].UserID, events[2].UserID)
	}
}

// Whatever happens on a device: what a known user did stays his, and what
// nobody did goes to the one known last, for as long as the definition says.
func TestStitchingNeverMergesStrangers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := transform.App()
		d.Stitch = rapid.SampledFrom([]time.Duration{0, time.Minute, time.Hour}).Draw(t, "stitch")
		at := int64(1e15)
		var events []transform.Event
		for range rapid.IntRange(1, 8).Draw(t, "events") {
			at += rapid.SampledFrom([]int64{0, 1, 59e6, 60e6, 60e6 + 1, 3600e6}).Draw(t, "after")
			events = append(events, transform.Event{DeviceID: "d1", At: at, UserID: rapid.SampledFrom([]string{"", "ann", "bob"}).Draw(t, "user")})
		}
		cut := rapid.IntRange(0, len(events)).Draw(t, "midnight")
		stitched := append([]transform.Event(nil), events...)
		known := d.Identify(stitched[:cut], transform.Identity{}, transform.Known{})
		d.Identify(stitched[cut:], transform.Identity{}, known)
		for i, e := range events {
			want := e.UserID
			for j := i - 1; want == "" && j >= 0; j-- {
				if events[j].UserID != "" {
					if e.At-events[j].At <= d.Stitch.Microseconds() && d.Stitch > 0 {
						want = events[j].UserID
					}
					break
				}
			}
			if stitched[i].UserID != want {
				t.Fatalf("event %d is of %q, want %q: %+v", i, stitched[i].UserID, want, events)
			}
		}
	})
}
