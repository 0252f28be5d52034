package generate

import (
	"bufio"
	"encoding/json"
	"io"

	"github.com/klauspost/compress/gzip"

	"sojourn/internal/calendar"
)

// A Session is a true session: a line of truth/sessions.ndjson. Sessions are
// numbered from 1, user by user and device by device, in the order of time.
type Session struct {
	Session     int64        `json:"session"`
	DeviceID    string       `json:"device_id"`
	UserID      string       `json:"user_id"`      // who is signed in first, before that day is over; else the device id
	Date        calendar.Day `json:"session_date"` // reporting day on which it begins
	StartedAt   int64        `json:"started_at"`   // first activity, milliseconds since 1970 UTC by the device's clock
	EndedAt     int64        `json:"ended_at"`     // last activity, likewise
	Events      int          `json:"event_count"`  // background events that join it included
	Background  int          `json:"background_event_count"`
	Crashes     int          `json:"crash_count"`
	StartReason string       `json:"start_reason"` // gap, after_end, user_change or cap
	Offline     bool         `json:"offline"`      // its activity was uploaded in one go, hours or days later
}

// A Fate says what becomes of an event: a line of truth/events.ndjson.gz.
type Fate struct {
	EventID string `json:"event_id"`
	Session int64  `json:"session,omitempty"` // number of its session
	Fate    string `json:"fate,omitempty"`    // if it has none: outside (a background event on its own) or future (a clock far ahead; to be refused)
}

// The fates of events without session.
const (
	Outside = "outside"
	Future  = "future"
)

// fate is Outside or Future, or empty for an event with session.
func (e *event) fate() string {
	switch {
	case e.session > 0:
		return ""
	case e.visit.clock > 0:
		return Future
	}
	return Outside
}

// count accounts for the next event of the session.
func (s *Session) count(w *world, e *event) {
	if s.Events == 0 {
		s.DeviceID, s.UserID = e.visit.device.id, e.visit.device.id
		s.StartedAt = e.stated()
		s.Date = w.Zone.DayOf(s.StartedAt * 1000)
	}
	if s.UserID == s.DeviceID && e.who != nobody && w.Zone.DayOf(e.stated()*1000) == s.Date {
		s.UserID = e.visit.device.ids[e.who]
	}
	s.Events++
	switch {
	case e.kind.inBackground():
		s.Background++
		return
	case e.kind == appCrash:
		s.Crashes++
	}
	s.EndedAt = e.stated()
}

// A truthWriter writes the truth, user by user.
type truthWriter struct {
	sessions *bufio.Writer
	fates    *gzip.Writer
	encoder  *json.Encoder // of sessions
	line     []byte
	seed     uint64
}

func newTruthWriter(sessions, fates io.Writer, seed uint64) *truthWriter {
	t := &truthWriter{sessions: bufio.NewWriter(sessions), seed: seed}
	t.encoder = json.NewEncoder(t.sessions)
	t.fates, _ = gzip.NewWriterLevel(fates, gzip.BestSpeed) // the level is valid
	return t
}

func (t *truthWriter) write(l *life) error {
	for i := range l.sessions {
		if err := t.encoder.Encode(&l.sessions[i]); err != nil {
			return err
		}
	}
	t.line = t.line[:0]
	for i := range l.events {
		t.line = l.events[i].appendFate(t.line, t.seed)
	}
	_, err := t.fates.Write(t.line)
	return err
}

func (t *truthWriter) close() error {
	if err := t.fates.Close(); err != nil {
		return err
	}
	return t.sessions.Flush()
}
