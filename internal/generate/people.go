package generate

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"sojourn/internal/calendar"
)

type country struct {
	code, language string
	zoneName       string
	zone           calendar.Zone
	share          int // of a hundred users; all countries together have them all
}

var countries = []country{
	{code: "PT", language: "pt-PT", zoneName: "Europe/Lisbon", share: 25},
	{code: "DE", language: "de-DE", zoneName: "Europe/Berlin", share: 20},
	{code: "US", language: "en-US", zoneName: "America/New_York", share: 20},
	{code: "BR", language: "pt-BR", zoneName: "America/Sao_Paulo", share: 13},
	{code: "IN", language: "en-IN", zoneName: "Asia/Kolkata", share: 12},
	{code: "JP", language: "ja-JP", zoneName: "Asia/Tokyo", share: 10},
}

var (
	iosVersions     = []string{"17.6.1", "18.5", "18.6", "26.0", "26.1"}
	iosModels       = []string{"iPhone13,2", "iPhone14,5", "iPhone15,4", "iPhone16,1", "iPhone17,3", "iPad13,18"}
	androidVersions = []string{"12", "13", "14", "15", "16"}
	androidModels   = []string{"Pixel 7a", "Pixel 9", "SM-A546B", "SM-S921B", "Redmi Note 13", "moto g54", "CPH2581"}

	// acquisitions are source and campaign; organic users come without one.
	acquisitions = [...][2]string{
		{"organic"}, {"organic"}, {"organic"}, {"organic"}, {"organic"}, {"referral", "invite-a-friend"},
		{"google_ads", "spring-hikes"}, {"google_ads", "city-breaks"}, {"meta_ads", "lookalike-hikers"}, {"apple_search_ads", "brand"},
	}
)

var (
	// clockTimes has the minute of the local day at which visits begin.
	clockTimes = curve{
		{0, 0}, {25, 60}, {40, 120}, {50, 300}, {70, 390}, {150, 480}, {230, 570}, {330, 690}, {430, 780},
		{520, 900}, {620, 1020}, {740, 1140}, {860, 1260}, {950, 1350}, {1000, 1439},
	}

	// returns has how many users in a thousand are active so many days after
	// installing.
	returns = curve{{0, 1000}, {1, 290}, {2, 210}, {3, 172}, {7, 108}, {14, 78}, {30, 50}, {90, 28}, {365, 15}}

	// zeals has how much more often than others a user returns, per mille.
	zeals = curve{{0, 200}, {500, 600}, {800, 1200}, {950, 3000}, {1000, 6000}}

	// visitsADay has how often the app is opened on a day on which it is.
	visitsADay = curve{{0, 1}, {450, 1}, {451, 2}, {700, 2}, {701, 3}, {850, 3}, {950, 5}, {990, 8}, {1000, 15}}

	botMinutes = curve{{0, 300}, {300, 1440}, {800, 3600}, {1000, 7200}}
)

// A life is all that one user did, and what it amounts to.
type life struct {
	rand     *rand.Rand
	role     role
	events   []event // by device, then time
	sessions []Session
}

// live returns the life of a user. Sessions are numbered from before+1 on.
func (w *world) live(user int, before int64) *life {
	r := rand.New(rand.NewPCG(w.Seed, mix(uint64(user)+1)))
	l := &life{rand: r, role: w.role(user)}
	home := w.homeOf(r)
	zeal := zeals.draw(r)
	p := w.planner(l, user, 0, home, before)
	p.anonymous = w.anonymousEvents(l)
	install := w.install(p, home)
	if l.role == botUser {
		p.runBot(install, int(botMinutes.draw(r)))
	} else {
		p.inhabit(install, home.zone, zeal)
	}
	p.finish()
	if l.role == twoDeviceUser {
		q := w.planner(l, user, 1, home, before)
		q.inhabit(min(install+within(r, hour, 2*day), w.end-1), home.zone, zeal)
		q.finish()
	}
	return l
}

func (w *world) homeOf(r *rand.Rand) country {
	n, i := r.IntN(100), 0
	for n >= w.countries[i].share {
		n -= w.countries[i].share
		i++
	}
	return w.countries[i]
}

// anonymousEvents returns how many events a user sends before signing in.
func (w *world) anonymousEvents(l *life) int {
	if l.role != ordinaryUser && l.role != chattyUser {
		return 0
	}
	switch n := l.rand.IntN(100); {
	case n < 15:
		return math.MaxInt
	case n < 25:
		return 20
	case n < 65:
		return 1 + l.rand.IntN(6)
	}
	return 0
}

// install returns when a user installs the app: every day some do, on weekends
// more.
func (w *world) install(p *planner, home country) int64 {
	d := w.First + calendar.Day(p.rand.IntN(w.Days))
	if !isWeekend(d) && oneIn(p.rand, 2) {
		d = w.First + calendar.Day(p.rand.IntN(w.Days))
	}
	at := localTime(p.rand, home.zone, d)
	// Far from the reporting zone the day begins or ends outside the period.
	switch {
	case at < p.begin:
		at += day
	case at >= p.end:
		at -= day
	}
	return min(max(at, p.begin), p.end-1)
}

// localTime returns a time of a local day at which people use the app.
func localTime(r *rand.Rand, z calendar.Zone, d calendar.Day) int64 {
	return z.Start(d)/1000 + clockTimes.draw(r)*minute + r.Int64N(minute)
}

func isWeekend(d calendar.Day) bool { return d.Weekday()%6 == 0 }

// inhabit lives on a device from the installation to the end of the period.
func (p *planner) inhabit(install int64, z calendar.Zone, zeal int64) {
	p.come(install)
	if oneIn(p.rand, 3) {
		p.come(install + within(p.rand, hour, 6*hour))
	}
	first := z.DayOf(install * 1000)
	last := first
	var times []int64
	for d := first + 1; d <= z.DayOf(p.end*1000); d++ {
		chance := returns.at(int64(d-first)*1000) * zeal / 1000
		if isWeekend(d) {
			chance += chance * 2 / 5
		}
		if perMille(p.rand, min(chance, 900)) {
			last = d
			times = times[:0]
			for range visitsADay.draw(p.rand) {
				times = append(times, localTime(p.rand, z, d))
			}
			slices.Sort(times)
			for _, at := range times {
				p.come(at)
			}
		}
		if d <= last+5 {
			p.disturb(z.Start(d) / 1000)
		}
	}
	if p.life.role == chattyUser {
		for at := install + 25*minute; at < install+36*hour; at += 25 * minute {
			p.quiet = append(p.quiet, quiet{at, pushReceived})
		}
	}
}

// disturb does what the app may do by itself on a day that begins at midnight.
func (p *planner) disturb(midnight int64) {
	if p.life.role == sharingUser || p.life.role == fastUser {
		return // to whom a push belongs there is not evident
	}
	if oneIn(p.rand, 4) {
		p.quiet = append(p.quiet, quiet{midnight + within(p.rand, 10*hour, 20*hour), pushReceived})
	}
	if oneIn(p.rand, 6) {
		p.quiet = append(p.quiet, quiet{midnight + within(p.rand, 3*hour, 5*hour), backgroundRefresh})
	}
}

// newDevice returns the nth device of a user.
func (w *world) newDevice(r *rand.Rand, user, n int, home country) *device {
	platform, version, model := "android", pick(r, androidVersions), pick(r, androidModels)
	if oneIn(r, 2) {
		platform, version, model = "ios", pick(r, iosVersions), pick(r, iosModels)
	}
	from := acquisitions[r.IntN(len(acquisitions))]
	campaign := ""
	if from[1] != "" {
		campaign = `,"campaign":` + strconv.Quote(from[1])
	}
	return &device{
		user: uint64(user),
		id:   fmt.Sprintf("%016x", mix(mix(^w.Seed)^uint64(user<<1|n))),
		ids:  [...]string{nobody: "", owner: fmt.Sprintf("u-%07d", user), guest: fmt.Sprintf("g-%07d", user)},
		head: fmt.Sprintf(`,"platform":%q,"os_version":%q,"app_version":"4.`, platform, version),
		tail: fmt.Sprintf(`","device_model":%q,"country":%q,"language":%q,"acquisition_source":%q%s`,
			model, home.code, home.language, from[0], campaign),
	}
}
