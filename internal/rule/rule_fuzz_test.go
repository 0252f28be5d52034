package rule_test

import (
	"testing"

	"sojourn/internal/rule"
)

// Whatever a rule says, it is one or is refused with the reason, and one that is
// one says yes or no of a user, or why not.
func FuzzRule(f *testing.F) {
	for _, text := range []string{
		`sessions_28d >= 4`, `did('purchase')`, `platform == "ios" and country in ["PT", "ES"]`, `(length_7d ?? 0) > 60 ? true : false`,
		`lower(country) matches "^p"`, `sessions_28d % sessions_7d == 0`, `1..2`, `((((`, `did(did('x'))`, `[1][0] == 1`, `$env`, `"a" * 3`,
	} {
		f.Add(text)
	}
	user := ann()
	f.Fuzz(func(t *testing.T, text string) {
		r, err := rule.Parse(text)
		if (r == nil) == (err == nil) {
			t.Fatalf("%q: %v, %v", text, r, err)
		}
		if r == nil {
			return
		}
		holds, err := r.Holds(user)
		if again, _ := r.Holds(user); err == nil && again != holds {
			t.Errorf("%q: %v, and then %v", text, holds, again)
		}
	})
}
