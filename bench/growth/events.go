package main

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/klauspost/compress/gzip"
)

// lastDay is the day that a night is measured on; all days are counted from it.
var lastDay = time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)

// A crowd is the events of one day of some users, each with one device and as
// many events as the others.
//
// A user has sessions of ten events, twenty seconds apart, that are spread over
// the day from two in the morning to nine in the evening UTC, so that none goes over
// midnight: the first event comes to the foreground, the last goes to the
// background, and between them screens and taps take turns. All users are
// signed in; a line has the 15 fields that sojourn generate writes for such a
// user, and about as many bytes. Nothing is a duplicate, wrong or unusable.
// Objects have their lines about in order of time, those of 64 users mixed.
//
// Everything follows from the numbers below: there is no chance in it.
type crowd struct {
	day     int  // days before the last day
	first   int  // number of the first user
	users   int  // how many there are
	each    int  // events of each of them
	session int  // events in a session; 0 for ten
	late    bool // the events are others, and arrive after the last day
	apart   bool // they are no part of the sessions that the same users have without
	object  int  // events in an object; 0 for 100,000
}

// written is what has been written.
type written struct {
	objects, lines, raw, compressed int64
}

func (w *written) add(o written) {
	w.objects += o.objects
	w.lines += o.lines
	w.raw += o.raw
	w.compressed += o.compressed
}

const (
	firstHour = 2 * time.Hour
	allHours  = 19 * time.Hour
	mixed     = 64 // users whose lines are mixed
)

// write writes the crowd's objects into a directory, their names beginning
// with name.
func (c crowd) write(dir, name string) (w written, err error) {
	if c.session == 0 {
		c.session = 10
	}
	if c.object == 0 {
		c.object = 100_000
	}
	dir = filepath.Join(dir, c.date().Format("2006/01/02"))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return w, err
	}
	o := &objects{path: filepath.Join(dir, name), most: c.object}
	rounds := (c.each + c.session - 1) / c.session
	for round := range rounds {
		events := min(c.session, c.each-round*c.session)
		for block := 0; block < c.users; block += mixed {
			for n := range events {
				for user := block; user < min(block+mixed, c.users); user++ {
					if err := o.write(c.line(o.line[:0], user, round, rounds, n, events)); err != nil {
						return o.written, err
					}
				}
			}
		}
	}
	return o.written, o.close()
}

func (c crowd) date() time.Time { return lastDay.AddDate(0, 0, -c.day) }

// line appends the n-th event of a user's session of a round.
func (c crowd) line(b []byte, user, round, rounds, n, events int) []byte {
	share := allHours / time.Duration(rounds) // of the day that a round has
	step := min(20*time.Second, share/2/time.Duration(c.session))
	start := firstHour + time.Duration(round)*share + time.Duration(float64(share/2)*float64(user)/float64(c.users))
	if c.apart {
		start += share * 5 / 8
	}
	at := c.date().Add(start + time.Duration(n)*step)
	received := at.Add(2 * time.Second)
	id := uint64(c.first + user)
	event := mix(id<<24 ^ uint64(c.day)<<48 ^ uint64(round*c.session+n))
	if c.late {
		received = lastDay.Add(24 * time.Hour)
		event++
	}
	screen := screens[int(id+uint64(n/2))%len(screens)]
	phone := phones[id%uint64(len(phones))]
	place := places[id/3%uint64(len(places))]

	b = appendHex(append(b, `{"event_id":"`...), event)
	b = appendHex(append(b, `","device_id":"`...), mix(id^1<<63))
	b = appendHex(append(b, `","user_id":"u-`...), mix(id))
	b = append(append(b, `","event_name":"`...), eventName(n, events)...)
	b = appendTime(append(b, `","timestamp":"`...), at)
	b = appendTime(append(b, `","received_at":"`...), received)
	b = append(append(b, `","screen":"`...), screen...)
	b = append(append(b, `","app_version":"4.1.0`...), phone...)
	b = append(b, place...)
	return append(b, `,"acquisition_source":"organic","properties":{"network":"wifi","battery":34,"load_ms":737,"element":"next"}}`...)
}

func eventName(n, events int) string {
	switch {
	case n == 0 && events > 1:
		return "app_foreground"
	case n == events-1 && events > 1:
		return "app_background"
	case n%2 == 0:
		return "tap"
	}
	return "screen_view"
}

var (
	screens = []string{"Home", "Search", "Item", "Cart", "Checkout", "Profile", "Settings"}
	phones  = []string{
		`","platform":"ios","os_version":"18.5","device_model":"iPhone14,5"`,
		`","platform":"android","os_version":"15","device_model":"Pixel 9"`,
		`","platform":"android","os_version":"14","device_model":"SM-A546B"`,
	}
	places = []string{
		`,"country":"BR","language":"pt-BR"`, `,"country":"PT","language":"pt-PT"`,
		`,"country":"US","language":"en-US"`, `,"country":"DE","language":"de-DE"`,
	}
)

func appendTime(b []byte, t time.Time) []byte {
	return t.AppendFormat(b, "2006-01-02T15:04:05.000Z")
}

func appendHex(b []byte, n uint64) []byte {
	var bytes [8]byte
	binary.BigEndian.PutUint64(bytes[:], n)
	return hex.AppendEncode(b, bytes[:])
}

// mix makes of each number another one that looks random (splitmix64).
func mix(n uint64) uint64 {
	n += 0x9e3779b97f4a7c15
	n = (n ^ n>>30) * 0xbf58476d1ce4e5b9
	n = (n ^ n>>27) * 0x94d049bb133111eb
	return n ^ n>>31
}

// objects writes lines into objects of so many lines each.
type objects struct {
	path string // of the objects, without number
	most int    // lines of each
	written
	line []byte // to be used again

	file   *os.File // nil between two objects
	zip    *gzip.Writer
	buffer *bufio.Writer
	has    int // lines of the object at work
}

func (o *objects) write(line []byte) error {
	if o.file == nil {
		if err := o.open(); err != nil {
			return err
		}
	}
	o.line = append(line, '\n')
	if _, err := o.buffer.Write(o.line); err != nil {
		return err
	}
	o.lines++
	o.raw += int64(len(o.line))
	if o.has++; o.has == o.most {
		return o.close()
	}
	return nil
}

func (o *objects) open() (err error) {
	if o.file, err = os.Create(fmt.Sprintf("%s-%05d.json.gz", o.path, o.objects)); err != nil {
		return err
	}
	o.objects++
	if o.zip == nil {
		if o.zip, err = gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); err != nil {
			return err
		}
		o.buffer = bufio.NewWriterSize(o.zip, 64<<10)
	}
	o.zip.Reset(o.file)
	return nil
}

// close ends the object at work, if there is one.
func (o *objects) close() error {
	if o.file == nil {
		return nil
	}
	if err := o.buffer.Flush(); err != nil {
		return err
	}
	if err := o.zip.Close(); err != nil {
		return err
	}
	info, err := o.file.Stat()
	if err != nil {
		return err
	}
	o.compressed += info.Size()
	err = o.file.Close()
	o.file, o.has = nil, 0
	return err
}
