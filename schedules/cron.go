package schedules

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/robfig/cron/v3"
)

// A Schedule says when nights start.
type Schedule struct {
	spec string
	cron cron.Schedule
	in   *time.Location
}

// ParseSchedule reads a cron spec of five fields, or one such as @daily, in a
// time zone. A TZ= prefix is refused: the zone has its own setting, and the
// parser underneath panics on some of them.
func ParseSchedule(spec, zone string) (Schedule, error) {
	if strings.Contains(spec, "TZ=") {
		return Schedule{}, fmt.Errorf("cron %q: leave TZ= out and set the zone in schedule.timezone", spec)
	}
	parsed, err := cron.ParseStandard(spec)
	if err != nil {
		return Schedule{}, fmt.Errorf("cron %q: %w: want five fields such as \"15 4 * * *\", or @daily", spec, err)
	}
	in, err := time.LoadLocation(zone)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule timezone %q: want an IANA name such as Europe/Lisbon or UTC", zone)
	}
	return Schedule{spec, parsed, in}, nil
}

// Next is the first start after a time.
func (s Schedule) Next(after time.Time) time.Time { return s.cron.Next(after.In(s.in)) }

// Serve starts night at once, to catch up on what was missed, and then at
// every start of the schedule, until ctx is done. A night that is still at
// work, or that panics, or that returns an error does not end the service; the
// next start finds what it left undone. When ctx is done the night at work is
// told by its context, and Serve returns after it.
func Serve(ctx context.Context, s Schedule, night func(context.Context) error, log *slog.Logger) error {
	run := func() {
		if ctx.Err() != nil {
			return
		}
		if err := night(ctx); err != nil && !errors.Is(err, context.Canceled) {
			log.ErrorContext(ctx, "night went wrong", "err", err)
		}
		if ctx.Err() == nil {
			log.InfoContext(ctx, "waiting", "next", s.Next(time.Now()).Format(time.RFC3339))
		}
	}
	clog := cronLog{log}
	// cron.New does not recover panics unless asked to. Recover comes inside:
	// a panic that passes SkipIfStillRunning would leave it skipping for ever.
	job := cron.NewChain(cron.SkipIfStillRunning(clog), cron.Recover(clog)).Then(cron.FuncJob(run))
	c := cron.New(cron.WithLocation(s.in), cron.WithLogger(clog))
	c.Schedule(s.cron, job)
	c.Start()
	job.Run()
	<-ctx.Done()
	<-c.Stop().Done()
	return nil
}

// cronLog writes what cron has to say to a logger.
type cronLog struct{ log *slog.Logger }

func (l cronLog) Info(msg string, pairs ...any) { l.log.Debug("cron: "+msg, pairs...) }

func (l cronLog) Error(err error, msg string, pairs ...any) {
	l.log.Error("cron: "+msg, append(pairs, "err", err)...)
}
