//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sojourn/internal/bucket"
	"sojourn/internal/bucket/clouds"
	"sojourn/internal/lease"
)

// Also in a cloud one of many runs has the lake, and one that was put out can
// write nothing.
func TestCloudsAdmitOneWriter(t *testing.T) {
	query := startS3(t)
	startGCS(t)
	for name, url := range map[string]string{"S3": "s3://acme/lake" + query, "Google Cloud": "gs://acme/lake"} {
		t.Run(name, func(t *testing.T) {
			b, err := bucket.Open(t.Context(), url, false, clouds.Version)
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			claim := func(run string) lease.Claim {
				return lease.Claim{Run: run, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
			}
			const contenders = 6
			for round := range 3 {
				var wins atomic.Int32
				var losers, all sync.WaitGroup
				losers.Add(contenders - 1)
				for i := range contenders {
					all.Go(func() {
						won := false
						err := lease.Hold(t.Context(), b, claim(fmt.Sprintf("run-%d-%d", round, i)), func(ctx context.Context, h *lease.Held) error {
							won = true
							if wins.Add(1) == 1 {
								losers.Wait()
							}
							return h.Check(ctx)
						})
						if locked := (*lease.LockedError)(nil); err != nil && !errors.As(err, &locked) {
							t.Error(err)
						}
						if !won {
							losers.Done()
						}
					})
				}
				all.Wait()
				if wins.Load() != 1 {
					t.Fatalf("round %d: %d runs had the lake", round, wins.Load())
				}
			}
			err = lease.Hold(t.Context(), b, claim("old"), func(ctx context.Context, h *lease.Held) error {
				if _, err := lease.PutOut(ctx, b, claim("operator"), "it hangs"); err != nil {
					return err
				}
				return b.Guarded(h.Admit).Create(ctx, "runs/days/2026-01-01.json", nil)
			})
			if fenced := (*lease.FencedError)(nil); !errors.As(err, &fenced) {
				t.Errorf("error %v, want a FencedError", err)
			}
			if there, err := b.Exists(t.Context(), "runs/days/2026-01-01.json"); there || err != nil {
				t.Errorf("it was written: %v (%v)", there, err)
			}
		})
	}
}
