package main

import (
	"context"
	"time"

	"sojourn/schedules"
)

type scheduleCmd struct{}

func (c *scheduleCmd) Help() string {
	return `Runs at once, to catch up on what was missed, and then at every time of schedule.cron in the
configuration, until it is told to stop (SIGTERM or Ctrl-C); the day at work is finished or left
for the next run. Under another cron, sojourn run does the same.`
}

func (c *scheduleCmd) Run(ctx context.Context, a *app) error {
	cfg, err := loadConfig(a.cli)
	if err != nil {
		return err
	}
	schedule, err := schedules.ParseSchedule(cfg.Schedule.Cron, cfg.Schedule.Timezone)
	if err != nil {
		return usageError{err}
	}
	a.log.Info("schedule", "cron", cfg.Schedule.Cron, "timezone", cfg.Schedule.Timezone,
		"next", schedule.Next(time.Now()).Format(time.RFC3339))
	return schedules.Serve(ctx, schedule, func(ctx context.Context) error {
		return a.night(ctx, schedules.Range{}, "", nil)
	}, a.log)
}
