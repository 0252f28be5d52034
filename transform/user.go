package transform

import (
	"math/bits"
	"strconv"
	"strings"

	"sojourn/internal/calendar"
)

// Activity is one bit per day, 63 days back: bit n says whether the user began
// a session n days before. It is signed because warehouses have no unsigned
// integers; bit 63 is never set.
type Activity int64

// DaysIn counts the active days among the last n, today included; n is at most 63.
func (a Activity) DaysIn(n int) int { return bits.OnesCount64(uint64(a) & (1<<n - 1)) }

// On says whether the user was active n days before; n is at most 62.
func (a Activity) On(n int) bool { return a>>n&1 == 1 }

// next is the activity some days later, not counting those days.
func (a Activity) next(days int) Activity {
	return Activity(uint64(a) << days & (1<<63 - 1))
}

// frequencyDays is how far back sessions are counted by day.
const frequencyDays = 28

// Next returns the user's history at the end of a later day on which the user
// began those sessions, in order of start, and on which the sessions earlier,
// begun before, turned out as given. GoingOn is how many sessions that began
// earlier count on the day too: 0 where sessions count on the day they began.
// Next completes the sessions: is_first_session,
// is_after_crash and the time since the previous one are the history's to say. The zero User
// is one never seen before; days between without data count as inactive. Segments stay
// those of before until [DecideSegments].
func (u User) Next(day calendar.Day, began, earlier []Session, goingOn int, digest string) User {
	counts := u.countsOn(day)
	u.ActiveDays = u.ActiveDays.next(int(day - u.Date))
	u.Date = day
	u.DefinitionDigest = digest

	u.HasOpen = false
	for i := range earlier {
		u.ended(&earlier[i])
		u.open(&earlier[i])
	}
	for i := range began {
		r := &began[i]
		u.open(r)
		if u.SessionsTotal == 0 {
			u.meet(r)
		} else {
			r.SecondsSincePrevious = ptr(seconds(max(0, r.StartedAt-u.LastEndedAt)))
			r.IsAfterCrash = u.LastCrashed && u.LastEndedAt <= r.StartedAt
		}
		if u.SessionsTotal == 1 {
			u.SecondStartedAt = r.StartedAt
		}
		u.SessionsTotal++
		u.ended(r)
		u.remember(r)
	}
	if n := len(began) + goingOn; n > 0 {
		u.LastSeen = day
		u.ActiveDays |= 1
		counts[0] = int64(n)
	}
	u.count(counts)
	return u
}

// meet records the user's first session.
func (u *User) meet(r *Session) {
	r.IsFirstSession = true
	u.UserID = r.UserID
	u.FirstSeen = r.Date
	u.FirstSessionID, u.FirstStartedAt = r.SessionID, r.StartedAt
	u.FirstPlatform = r.Platform
	u.FirstCountry = r.Country
	u.FirstAppVersion = r.AppVersion
	u.FirstAcquisitionSource = r.AcquisitionSource
	u.FirstCampaign = r.Campaign
}

// ended moves the end of the user's latest session; on two devices the one
// that lasts longer counts.
func (u *User) ended(r *Session) {
	if r.EndedAt >= u.LastEndedAt {
		u.LastEndedAt = r.EndedAt
		u.LastSessionID = r.SessionID
		u.LastCrashed = r.CrashCount > 0
	}
	u.HasOpen = u.HasOpen || !r.IsFinal
}

func (u *User) remember(r *Session) {
	if r.Properties != "" {
		u.Properties = latestProperties(u.Properties, r.Properties)
	}
	for _, v := range [...]struct {
		to   *string
		from string
	}{
		{&u.Platform, r.Platform}, {&u.OSVersion, r.OSVersion}, {&u.DeviceModel, r.DeviceModel}, {&u.DeviceClass, r.DeviceClass},
		{&u.Country, r.Country}, {&u.AppVersion, r.AppVersion}, {&u.Language, r.Language},
	} {
		if v.from != "" {
			*v.to = v.from
		}
	}
}

// countsOn returns the sessions begun on each of the last 28 days that end
// with day, as far as the history knows them: day's own are 0 if it is later.
func (u *User) countsOn(day calendar.Day) (counts [frequencyDays]int64) {
	ago := int(day - u.Date)
	for text := range strings.SplitSeq(u.DailySessions, ",") {
		if ago >= frequencyDays || text == "" {
			break
		}
		counts[ago], _ = strconv.ParseInt(text, 10, 64) // written by count below
		ago++
	}
	return counts
}

// count sets what follows from the sessions begun on each of the last 28 days.
func (u *User) count(counts [frequencyDays]int64) {
	u.Sessions1, u.Sessions7, u.Sessions28 = counts[0], 0, 0
	last := -1
	for i, n := range counts {
		if i < 7 {
			u.Sessions7 += n
		}
		u.Sessions28 += n
		if n > 0 {
			last = i
		}
	}
	text := make([]byte, 0, 2*frequencyDays)
	for i := range last + 1 {
		if i > 0 {
			text = append(text, ',')
		}
		text = strconv.AppendInt(text, counts[i], 10)
	}
	u.DailySessions = string(text)
}
