package transform

// An Alias says that one id stands for another: the product has found both to
// be of one person.
type Alias struct {
	From, To string
	At       int64 // when the product said so, microseconds since 1970 UTC; 0 if it does not tell
}
