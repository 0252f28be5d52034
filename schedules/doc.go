// Package schedules decides which days run, and runs them: the night from raw
// objects to published tables, backfills of a range of days, and the service
// that starts a night on a cron spec.
//
// A night is one page, [Pipeline.Night]:
//
//	extract what is new ─▶ [Plan] the days that are due ─▶ fold them, oldest first ─▶ publish
//
// What a day was made from stands in its manifest; a day is due when that is
// not what it would be made from now. Nothing else decides, so it does not
// matter how often, when or by whom a night is started.
package schedules
