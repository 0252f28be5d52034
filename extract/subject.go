package extract

import (
	"sojourn/internal/lake"
	"sojourn/transform"
)

// pseudonymous are the fields whose values are ids. Those of events, sessions
// and views are made of the ids of users and devices by many products, so that
// they tell as much.
func pseudonymous() [5]field { return [...]field{userID, deviceID, sessionID, viewID, eventID} }

// subject sets whose event e is: the ids that the record has, or the pseudonyms
// that stand for them. The ids themselves are gone from here on, which is why
// it is asked here whether they are of a person who has been erased: their
// pseudonyms are others once the key is.
func (j *judge) subject(values *[fieldCount]value, e *transform.Event) *flaw {
	if j.pseudonyms != nil {
		if j.erased != nil && (j.erased(string(values[userID].bytes)) || j.erased(string(values[deviceID].bytes))) {
			return &flaw{reason: lake.SkippedErased}
		}
		for _, f := range pseudonymous() {
			if id := values[f].bytes; len(id) > 0 {
				values[f].bytes = j.pseudonyms.of(id)
			}
		}
	}
	e.UserID = j.texts.repeated(values[userID].bytes)
	e.DeviceID = j.texts.repeated(values[deviceID].bytes)
	return nil
}

// subjects are the ids of a record of which id is whose, or their pseudonyms.
func (s Source) subjects(a transform.Alias) transform.Alias {
	a.From, a.To = s.Privacy.Pseudonyms.Of(a.From), s.Privacy.Pseudonyms.Of(a.To)
	return a
}
