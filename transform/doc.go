// Package transform turns app events into sessions and sessions into the daily
// tables.
//
// Everything here is a pure function of its arguments: no clock, no context,
// no logger, no I/O, no goroutines. The same input gives the same rows in the
// same order, on a laptop, in the nightly job, and in a backfill two years
// later. Callers decide where events come from (package extract), where rows
// go (package load), and which days run (package schedules).
//
// The data flows in three steps, day by day:
//
//	events of a device on one local day ──Definition.Fold──▶ sessions + what is carried over midnight
//	sessions of a user on one local day ──User.Next────────▶ the user's history at the end of the day
//	histories and sessions of all users ──Tally.Add────────▶ the daily tables
//
// A session belongs to the local day on which it began. A day's rows are
// provisional (is_final is false) until the next day with data has been
// folded, because a session may go on after midnight.
package transform
