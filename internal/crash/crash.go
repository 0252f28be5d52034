// Package crash names the places at which a test lets the process die.
//
// A place is a line such as crash.At("fold.day-written"), right after or before
// something that outlives the process. It does nothing unless a test has set a
// hook, which no program but a test binary does.
package crash

import "sync/atomic"

var hook atomic.Pointer[func(place string)]

// At tells the hook that the process has come to a place, named
// stage.what-has-just-happened.
func At(place string) {
	if h := hook.Load(); h != nil {
		(*h)(place)
	}
}

// Hook sets what [At] calls, nil for nothing. It is for tests.
func Hook(h func(place string)) {
	if h == nil {
		hook.Store(nil)
		return
	}
	hook.Store(&h)
}
