package main

import (
	"context"
	"errors"
	"net"
	"syscall"

	"gocloud.dev/gcerrors"
	"google.golang.org/api/googleapi"

	"sojourn/extract"
	"sojourn/internal/lease"
	"sojourn/load"
	"sojourn/schedules"
)

// exitCode is what the error of a command means to the program that called.
func exitCode(ctx context.Context, err error) int {
	var (
		usage   usageError
		config  *schedules.UsageError
		locked  *lease.LockedError
		fenced  *lease.FencedError
		checks  *schedules.CheckError
		key     *extract.KeyError
		audit   *load.AuditError
		late    *load.SupersededError
		differs differsError
	)
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &usage), errors.As(err, &config), errors.As(err, &key):
		return exitUsage
	case errors.As(err, &locked), errors.As(err, &fenced), errors.As(err, &late):
		return exitLocked
	case errors.As(err, &checks), errors.As(err, &audit):
		return exitBlocked
	case ctx.Err() != nil:
		return exitInterrupted
	case unavailable(err):
		return exitUnavailable
	case errors.Is(err, errUnreadable), errors.Is(err, errUnread):
		return exitUnreadable
	case errors.As(err, &differs):
		return exitDiffers
	}
	return exitFailed
}

// unavailable says whether a remote service was the trouble and may be back.
func unavailable(err error) bool {
	var (
		api     *googleapi.Error
		dial    *net.OpError
		lookup  *net.DNSError
		network net.Error // as is every errno, so only its time-outs count
	)
	switch {
	case errors.Is(err, load.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return true
	case errors.As(err, &api):
		return api.Code == 429 || api.Code >= 500
	case errors.As(err, &dial), errors.As(err, &lookup):
		return true
	case errors.As(err, &network) && network.Timeout():
		return true
	}
	switch gcerrors.Code(err) {
	case gcerrors.ResourceExhausted, gcerrors.DeadlineExceeded, gcerrors.Internal:
		return true
	}
	return false
}

// noRoom says whether a disk was full, or a quota or limit for files reached.
func noRoom(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) || errors.Is(err, syscall.EFBIG)
}
