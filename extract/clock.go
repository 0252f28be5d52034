package extract

import (
	"time"

	"sojourn/transform"
)

// A Clock says how the claims of devices' clocks become times. The zero Clock
// takes them as they are.
type Clock struct {
	// Correct makes the time received − (sent − claimed) where the record says
	// when it was sent and received: how long the event waited on the device is
	// right even where its clock is wrong. It is the rule of Segment and
	// Snowplow.
	Correct bool

	// DeadZone is the greatest difference between sent and received that is
	// taken for the time on the way, not for a wrong clock. Amplitude's is
	// 60 s; 0 corrects always.
	DeadZone time.Duration

	// FutureClamp is how far after its receipt an event may be; one that is
	// later is taken to have happened when it was received. PostHog's is 23 h;
	// 0 for no clamp.
	FutureClamp time.Duration
}

// wrongUnit is how far ahead, in microseconds, a time is of another unit and
// no clock: 100 years.
const wrongUnit = 100 * 365 * 24 * 3600 * 1e6

// correct corrects e.At and says whether it has changed.
func (c Clock) correct(e *transform.Event) bool {
	claimed := e.At
	if c.Correct && e.ReceivedAt != 0 && e.SentAt != 0 {
		skew := e.ReceivedAt - e.SentAt
		if max(skew, -skew) >= c.DeadZone.Microseconds() {
			e.At += skew
		}
	}
	ahead := e.At - e.ReceivedAt
	if c.FutureClamp > 0 && e.ReceivedAt != 0 && ahead > c.FutureClamp.Microseconds() && ahead < wrongUnit {
		e.At = e.ReceivedAt
	}
	return e.At != claimed
}
