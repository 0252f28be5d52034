package extract

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"sojourn/transform"
)

// errEnough ends the reading of an object of which enough has been read.
var errEnough = errors.New("enough has been read")

// A sampler counts records instead of staging them.
type sampler struct {
	sample  *Sample
	look    Look
	judge   *judge
	hasID   bool // the source has event ids
	names   map[string]int64
	reasons map[string]*SampledReason

	records  int64     // of the object
	cut      bool      // the object was cut off after enough bytes
	rejected *rejected // the latest record of the object, if it was rejected
}

func newSampler(sample *Sample, s Source, look Look, texts *texts) *sampler {
	return &sampler{
		sample: sample, look: look, judge: newJudge(Source{}, look.Now, texts), hasID: s.hasEventIDs(),
		names: map[string]int64{}, reasons: map[string]*SampledReason{},
	}
}

// hasEventIDs says whether the source has ids of events, and not only what
// tells one from another.
func (s Source) hasEventIDs() bool {
	if _, ok := s.Fields[eventID.String()]; ok {
		return true
	}
	for _, p := range products() {
		if p.name == s.Format {
			_, ok := p.fields[eventID.String()]
			return ok
		}
	}
	return true
}

func (s *sampler) begin() { s.records, s.cut, s.rejected = 0, false, nil }

// end ends an object and returns how many records do not count: where it was
// cut off inside quotes there is half a record, which is nobody's fault.
func (s *sampler) end() (half int64) {
	if s.cut && s.rejected != nil && s.rejected.Reason == badCSV {
		s.rejected, half = nil, 1
	}
	s.settle()
	return half
}

// settle counts the latest record, if it was rejected.
func (s *sampler) settle() {
	r := s.rejected
	if r == nil {
		return
	}
	s.rejected = nil
	if s.reasons[r.Reason] == nil {
		s.reasons[r.Reason] = &SampledReason{Reason: r.Reason, Object: r.Object, Line: r.Line, Detail: r.Detail}
	}
	s.reasons[r.Reason].Records++
}

func (s *sampler) next() error {
	if s.records++; s.records >= s.look.Records {
		return errEnough
	}
	return nil
}

func (s *sampler) reject(r *rejected) error {
	s.settle()
	s.rejected = r
	return s.next()
}

func (s *sampler) keep(e *transform.Event) error {
	s.settle()
	s.names[e.Name]++
	if s.sample.First == 0 || e.At < s.sample.First {
		s.sample.First = e.At
	}
	s.sample.Last = max(s.sample.Last, e.At)
	for f := range field(fieldCount) {
		if s.fills(e, f) {
			s.sample.Filled[f.String()]++
		}
	}
	return s.next()
}

// fills says whether an event says something in a field.
func (s *sampler) fills(e *transform.Event, f field) bool {
	switch f {
	case eventID:
		return s.hasID && e.ID != s.judge.digest(e)
	case userID:
		return e.UserID != ""
	case deviceID:
		return e.DeviceID != ""
	case eventName, timestamp:
		return true
	case receivedAt:
		return e.ReceivedAt != 0
	case clientTimestamp:
		return e.ClientAt != 0
	case sentAt:
		return e.SentAt != 0
	case sequence:
		return e.Sequence != 0
	case sessionID:
		return e.SourceSession != ""
	case screen:
		return e.Screen != ""
	case viewID:
		return e.View != ""
	case engagedMillis:
		return e.EngagedMillis > 0
	case crashed:
		return e.Crash
	case background:
		return e.Background
	case launch:
		return e.Launch
	case newSession:
		return e.NewSession
	case platform:
		return e.Platform != ""
	case osVersion:
		return e.OSVersion != ""
	case appVersion:
		return e.AppVersion != ""
	case deviceModel:
		return e.DeviceModel != ""
	case country:
		return e.Country != ""
	case language:
		return e.Language != ""
	case acquisitionSource:
		return e.AcquisitionSource != ""
	case campaign:
		return e.Campaign != ""
	case deviceClass:
		return e.DeviceClass != ""
	case utcOffset:
		return e.UTCOffset != ""
	}
	return false
}

// finish sorts what has been counted.
func (s *sampler) finish() {
	for _, r := range s.reasons {
		s.sample.Reasons = append(s.sample.Reasons, *r)
	}
	slices.SortFunc(s.sample.Reasons, func(a, b SampledReason) int {
		return cmp.Or(cmp.Compare(b.Records, a.Records), strings.Compare(a.Reason, b.Reason))
	})
	for name, events := range s.names {
		s.sample.Names = append(s.sample.Names, SampledName{name, events})
	}
	slices.SortFunc(s.sample.Names, func(a, b SampledName) int {
		return cmp.Or(cmp.Compare(b.Events, a.Events), strings.Compare(a.Name, b.Name))
	})
}

// limited is what is read of a text: all of it, or its beginning where a
// sample is taken.
func (r *reading) limited(data io.Reader) io.Reader {
	if r.sampler == nil {
		return data
	}
	return &enough{data, r.sampler.look.Bytes, r.sampler}
}

// enough gives as many bytes of a text as a sample has.
type enough struct {
	r       io.Reader
	left    int64
	sampler *sampler
}

func (e *enough) Read(p []byte) (int, error) {
	if e.left == 0 {
		e.sampler.cut = true
		return 0, errEnough
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	return n, err
}

// spool opens the object for reading at any place.
func (r *reading) spool(ctx context.Context) (*spooled, error) {
	if r.sampler != nil {
		return glimpse(ctx, r.source.Bucket, r.object)
	}
	return spool(ctx, r.source.Bucket, r.object.Name)
}
