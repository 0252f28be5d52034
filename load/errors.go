package load

import "errors"

// ErrUnavailable is in the error of a warehouse that may work later without
// anybody changing anything: it did not answer, or a quota is used up.
var ErrUnavailable = errors.New("the warehouse is unavailable")
