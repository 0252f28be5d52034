//go:build cgo

package bigquery

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"cloud.google.com/go/bigquery"
	"github.com/google/go-cmp/cmp"

	"sojourn/internal/bucket"
	"sojourn/load"
	"sojourn/load/bigquery/bqtest"
)

// once injects a fault into the first call for a partition.
func once(name, table string, fault bqtest.Fault) func(bqtest.Call) bqtest.Fault {
	done := false
	return func(call bqtest.Call) bqtest.Fault {
		if done || call.Name != name || call.Table != table {
			return bqtest.Fault{}
		}
		done = true
		return fault
	}
}

func TestLoadIsDoneOnceWhateverHappens(t *testing.T) {
	tests := []struct {
		name        string
		fault       bqtest.Fault
		generations []string // the last part of the ids of the jobs that were accepted
	}{
		{"all is well", bqtest.Fault{}, []string{"g0"}},
		{"the reply is lost", bqtest.Fault{LoseReply: true}, []string{"g0"}},
		{"the reply is lost and the job is slow", bqtest.Fault{LoseReply: true, Polls: 3}, []string{"g0"}},
		{"the server is unavailable for a moment", bqtest.Fault{Status: http.StatusServiceUnavailable, Reason: "backendError"}, []string{"g0"}},
		{"too many requests", bqtest.Fault{Status: http.StatusForbidden, Reason: "rateLimitExceeded"}, []string{"g0"}},
		{"the job is slow", bqtest.Fault{Polls: 5}, []string{"g0"}},
		{"the job fails for a passing reason", bqtest.Fault{JobReason: "backendError"}, []string{"g0", "g1"}},
		{"the job fails, slowly, and its reply is lost", bqtest.Fault{JobReason: "internalError", Polls: 2, LoseReply: true}, []string{"g0", "g1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			server := serve(t, nil)
			w, b := open(t, server)
			server.Inject(once("jobs.insert", "staging_sessions$20261001", test.fault))
			publish(t, w, store(t, b, visits(day1, "ann", "bob")))
			wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob")
			var got []string
			for _, id := range loads(server, "staging_sessions$20261001") {
				got = append(got, id[strings.LastIndex(id, "_")+1:])
			}
			if diff := cmp.Diff(test.generations, got); diff != "" {
				t.Errorf("jobs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublishGoesOnAfterAnInterruption(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partitions := []load.Partition{store(t, b, visits(day1, "ann")), store(t, b, visits(day2, "bob"))}

	// The commit never arrives.
	server.Inject(func(call bqtest.Call) bqtest.Fault {
		if call.Name == "jobs.insert" && call.Table == "" {
			return bqtest.Fault{Status: http.StatusForbidden, Reason: "accessDenied"}
		}
		return bqtest.Fault{}
	})
	if err := w.Publish(t.Context(), load.Group{Partitions: partitions, AsOf: day2}); err == nil {
		t.Fatal("published")
	}
	if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
		t.Errorf("published %v, error %v: what may be half done does not count", published, err)
	}

	// The next run finds the jobs of the first, also from another process.
	server.Inject(func(bqtest.Call) bqtest.Fault { return bqtest.Fault{} })
	again, lakeAgain := open(t, server)
	store(t, lakeAgain, visits(day1, "ann"))
	store(t, lakeAgain, visits(day2, "bob"))
	publish(t, again, partitions...)
	for _, table := range []string{"staging_sessions$20261001", "staging_sessions$20261002"} {
		if got := loads(server, table); len(got) != 1 {
			t.Errorf("%s was loaded by %v", table, got)
		}
	}
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-02 bob")
	if published, err := again.Published(t.Context()); err != nil || len(published) != 2 {
		t.Errorf("published %v, error %v", published, err)
	}
}

// A job that failed keeps its id. Whoever repaired the cause must not be told
// about that failure for ever.
func TestBurntJobIsSteppedOver(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	server.Inject(once("jobs.insert", "staging_sessions$20261001", bqtest.Fault{JobReason: "accessDenied"}))
	err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{partition}, AsOf: day2})
	if err == nil {
		t.Fatal("published")
	}
	for _, want := range []string{"sessions of 2026-10-01", "_g0", "accessDenied", "BigQuery Data Editor"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	if errors.Is(err, load.ErrUnavailable) {
		t.Errorf("waiting will not help: %v", err)
	}
	publish(t, w, partition)
	wantRows(t, server, whoCame, "2026-10-01 ann")
	if got := loads(server, "staging_sessions$20261001"); len(got) != 2 || !strings.HasSuffix(got[1], "_g1") {
		t.Errorf("jobs %v", got)
	}
}

// The file is uploaded to the first generation, which tells of the others, and
// to the one that is new.
func TestManyBurntJobsCostNoUploads(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	sent, reason := 0, "accessDenied"
	server.Inject(func(call bqtest.Call) bqtest.Fault {
		if call.Name != "jobs.insert" || call.Table != "staging_sessions$20261001" {
			return bqtest.Fault{}
		}
		sent++
		return bqtest.Fault{JobReason: reason}
	})
	for range 3 {
		if err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{partition}, AsOf: day2}); err == nil {
			t.Fatal("published")
		}
	}
	sent, reason = 0, ""
	publish(t, w, partition)
	wantRows(t, server, whoCame, "2026-10-01 ann")
	if jobs := loads(server, "staging_sessions$20261001"); len(jobs) != 4 || sent != 2 {
		t.Errorf("sent %d times, jobs %v", sent, jobs)
	}
}

// What only a change on this side mends is not put off: neither tried again
// nor said to be passing.
func TestWaitingHelpsNobody(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	lost := partition
	lost.Object += ".lost"
	err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{lost}, AsOf: day2})
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, load.ErrUnavailable) || strings.Contains(err.Error(), "run again later") {
		t.Errorf("without the file: %v", err)
	}
	if err := w.dataset.Table("dim_users").Create(t.Context(), &bigquery.TableMetadata{
		Schema: bigquery.Schema{{Name: "user_id", Type: bigquery.StringFieldType}},
	}); err != nil {
		t.Fatal(err)
	}
	err = w.Publish(t.Context(), load.Group{Partitions: []load.Partition{partition}, AsOf: day2})
	if err == nil || !strings.Contains(err.Error(), "there is a table of that name") || errors.Is(err, load.ErrUnavailable) {
		t.Errorf("with a table in a view's place: %v", err)
	}
}

// The lake's connection broke, not BigQuery's.
func TestFileThatBreaksOffIsNotBlamedOnBigQuery(t *testing.T) {
	w, _ := open(t, serve(t, nil))
	createSessions(t, w, func(*bigquery.TableMetadata) {})
	broken := iotest.ErrReader(&net.OpError{Op: "read", Err: syscall.ECONNRESET})
	reads := 0
	err := w.run(t.Context(), w.loadInto("sessions$20261001", "k", func(context.Context) (bigquery.LoadSource, func() error, error) {
		reads++
		return upload(tableMetadata(load.Tables()[0]).Schema, lakeReader{broken}), nothing, nil
	}))
	if !errors.Is(err, syscall.ECONNRESET) || errors.Is(err, load.ErrUnavailable) || reads != 1 {
		t.Errorf("read %d times: %v", reads, err)
	}
}

// The same content returns after another one: the job that loaded it the first
// time must not be taken for done.
func TestOldContentIsLoadedWhenItReturns(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	publish(t, w, store(t, b, visits(day1, "ann")))
	publish(t, w, store(t, b, visits(day1, "bob")))
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, server, whoCame, "2026-10-01 ann")
	publish(t, w, store(t, b, visits(day1, "bob")))
	wantRows(t, server, whoCame, "2026-10-01 bob")
}

func TestDroppedTableIsLoadedAgain(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	partition := store(t, b, visits(day1, "ann"))
	publish(t, w, partition)
	for _, drop := range []string{"sessions", "published_partitions"} {
		if err := w.dataset.Table(drop).Delete(t.Context()); err != nil {
			t.Fatal(err)
		}
		if published, err := w.Published(t.Context()); err != nil || len(published) != 0 {
			t.Errorf("without %s published is %v, error %v", drop, published, err)
		}
		publish(t, w, partition)
		wantRows(t, server, whoCame, "2026-10-01 ann")
	}
}

// With published_partitions its count of revisions is lost. A content that was
// there before another one is loaded all the same.
func TestLostCountOfRevisionsTakesNoOldJobForNew(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	publish(t, w, store(t, b, visits(day1, "ann")))
	publish(t, w, store(t, b, visits(day1, "bob")))
	if err := w.dataset.Table("published_partitions").Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	publish(t, w, store(t, b, visits(day1, "ann")))
	wantRows(t, server, whoCame, "2026-10-01 ann")
}

func TestQuotaIsNotHammered(t *testing.T) {
	for _, fault := range []bqtest.Fault{
		{Status: http.StatusForbidden, Reason: "quotaExceeded"},
		{JobReason: "quotaExceeded"},
	} {
		server := serve(t, nil)
		w, b := open(t, server)
		asked := 0
		server.Inject(func(call bqtest.Call) bqtest.Fault {
			if call.Name == "jobs.insert" && call.Table == "staging_sessions$20261001" {
				asked++
				return fault
			}
			return bqtest.Fault{}
		})
		err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{store(t, b, visits(day1, "ann"))}, AsOf: day2})
		if !errors.Is(err, load.ErrUnavailable) || !strings.Contains(err.Error(), "tomorrow") {
			t.Errorf("error %v", err)
		}
		if asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	}
}

func TestServerThatStaysAwayEndsTheRun(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	asked := 0
	server.Inject(func(call bqtest.Call) bqtest.Fault {
		if call.Name == "jobs.insert" && call.Table == "staging_sessions$20261001" {
			asked++
			return bqtest.Fault{Status: http.StatusServiceUnavailable, Reason: "backendError"}
		}
		return bqtest.Fault{}
	})
	err := w.Publish(t.Context(), load.Group{Partitions: []load.Partition{store(t, b, visits(day1, "ann"))}, AsOf: day2})
	if !errors.Is(err, load.ErrUnavailable) {
		t.Errorf("error %v", err)
	}
	if asked != attempts {
		t.Errorf("asked %d times, want %d", asked, attempts)
	}
}

func TestLakeOnGoogleCloudStorageIsLoadedFromThere(t *testing.T) {
	var lakeBucket *bucket.Bucket
	server := serve(t, func(ctx context.Context, uri string) (io.ReadCloser, error) {
		object, ok := strings.CutPrefix(uri, "gs://acme-lake/")
		if !ok {
			return nil, fmt.Errorf("unknown bucket in %s", uri)
		}
		return lakeBucket.Open(ctx, object)
	})
	w, b := open(t, server)
	lakeBucket = b
	partition := store(t, b, visits(day1, "ann"))
	job := w.loadInto("sessions$20261001", "k", func(context.Context) (bigquery.LoadSource, func() error, error) {
		return fromStorage(tableMetadata(load.Tables()[0]).Schema, "gs://acme-lake/"+partition.Object), nothing, nil
	})
	createSessions(t, w, func(*bigquery.TableMetadata) {})
	server.Inject(once("jobs.insert", "sessions$20261001", bqtest.Fault{LoseReply: true}))
	if err := w.run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	wantRows(t, server, whoCame, "2026-10-01 ann")
	if jobs := server.Jobs(); len(jobs) != 1 || len(jobs[0].URIs) != 1 {
		t.Errorf("jobs %v", jobs)
	}
}

// More than the client sends in one piece.
func TestLargeFileIsUploadedInPieces(t *testing.T) {
	server := serve(t, nil)
	w, b := open(t, server)
	tables := visits(day1, "ann", "bob")
	random := rand.NewChaCha8([32]byte{})
	for i := range tables.Sessions {
		noise := make([]byte, 8<<20)
		random.Read(noise)
		tables.Sessions[i].EntryScreen = base64.StdEncoding.EncodeToString(noise)
	}
	partition := store(t, b, tables)
	data, err := b.Read(t.Context(), partition.Object)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) <= 16<<20 {
		t.Fatalf("the file has only %d bytes", len(data))
	}
	publish(t, w, partition)
	wantRows(t, server, whoCame, "2026-10-01 ann", "2026-10-01 bob")
}
