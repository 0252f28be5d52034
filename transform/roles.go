package transform

// kind is a set of roles; none means plain activity.
type kind uint32

const (
	ignore kind = 1 << iota
	join
	extendOnly
	start
	end
	crash
	foreground
	background
	launched
	screenView
	ping
	interaction
	keyEvent
	install
	pushReceived
	pushOpen
	declared // by the configuration, beside sessions
)

var roles = map[Role]kind{
	Active: 0, Ignore: ignore, Join: join, Extend: extendOnly, Start: start, End: end, Crash: crash,
	Foreground: foreground, Background: background, Launch: launched, ScreenView: screenView, Ping: ping,
	Interaction: interaction, KeyEvent: keyEvent, Install: install, PushReceived: pushReceived, PushOpen: pushOpen,
}

// speaking are the roles of events that say themselves what they mean for the
// session: that such an event came from the background weighs less.
const speaking = start | end | crash | foreground | background | launched

// kinds returns the roles of the events that have any, by name.
func (d Definition) kinds() map[string]kind {
	byName := map[string]kind{}
	for role, names := range d.Events {
		for _, name := range names {
			byName[name] |= roles[role]
		}
	}
	return byName
}

// kindOf returns the roles of an event: those of its name, and what the source
// says of it.
func (s *Sessionizer) kindOf(e *Event) kind {
	k := s.kinds[e.Name]
	if e.Crash {
		k |= crash
	}
	if e.Launch {
		k |= launched
	}
	if e.NewSession {
		k |= start
	}
	if e.Background && k&speaking == 0 {
		k |= roles[s.definition.BackgroundEvents]
	}
	return k
}

// rank orders events of one instant: what starts before what ends.
func (k kind) rank() int {
	switch {
	case k&end != 0:
		return 3
	case k&background != 0:
		return 2
	case k&(start|foreground|launched) != 0:
		return 0
	}
	return 1
}
