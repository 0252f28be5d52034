package transform

import "math/bits"

// Activity is one bit per day, 63 days back: bit n says whether the user began
// a session n days before. It is signed because warehouses have no unsigned
// integers; bit 63 is never set.
type Activity int64

// DaysIn counts the active days among the last n, today included; n is at most 63.
func (a Activity) DaysIn(n int) int { return bits.OnesCount64(uint64(a) & (1<<n - 1)) }
