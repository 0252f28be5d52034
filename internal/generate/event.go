package generate

// Durations, in milliseconds.
const (
	second = 1000
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// An event is one thing that a device reports.
type event struct {
	at       int64 // when it happens, milliseconds since 1970 UTC by a right clock
	received int64 // when the collector receives it first, likewise
	visit    *visit
	session  int64  // number of the true session; 0 if it is in none
	ordinal  uint32 // among the user's events, from 0
	kind     kind
	screen   screen
	who      who
}

// stated returns the time that the device's clock showed.
func (e *event) stated() int64 { return e.at + e.visit.clock }

// A visit is one run of the app: what its events have in common.
type visit struct {
	device  *device
	clock   int64 // how far the clock is ahead, milliseconds; negative if behind
	stamp   uint64
	release int // of the app
}

// A device is one installation.
type device struct {
	user       uint64 // index of its owner
	id         string
	ids        [3]string // user ids by who
	head, tail string    // the constant parts of its records
}

// who says which user of a device is signed in.
type who uint8

const (
	nobody who = iota
	owner
	guest
)

// A kind is the name of an event.
type kind uint8

const (
	appForeground kind = iota
	screenView
	tap
	search
	tripView
	bookingCompleted
	appBackground
	sessionEnd
	appCrash
	pushOpened

	// In the background, without the user.
	pushReceived
	backgroundRefresh
)

var kindNames = [...]string{
	"app_foreground", "screen_view", "tap", "search", "trip_view", "booking_completed",
	"app_background", "session_end", "app_crash", "push_open", "push_received", "background_refresh",
}

func (k kind) inBackground() bool { return k >= pushReceived }

// A screen of the app; noScreen is none.
type screen uint8

const (
	noScreen screen = iota
	home
	searching
	tripList
	tripDetail
	mapView
	booking
	profile
	settings
)

var screenNames = [...]string{"", "Home", "Search", "TripList", "TripDetail", "Map", "Booking", "Profile", "Settings"}

// onward lists the screens that each screen leads to; the frequent ones twice.
var onward = [...][]screen{
	home:       {searching, tripList, tripList, tripDetail, profile, mapView},
	searching:  {tripList, tripList, tripDetail, home},
	tripList:   {tripDetail, tripDetail, tripDetail, mapView, searching, home},
	tripDetail: {mapView, mapView, booking, tripList, tripList, home},
	mapView:    {tripDetail, tripDetail, home},
	booking:    {tripDetail, home, profile},
	profile:    {settings, home, home, tripList},
	settings:   {profile, home},
}
