package transform

import (
	"math"
	"testing"
)

// The table of Student's t against the integral of its density.
func TestStudentTIsThe975thPoint(t *testing.T) {
	for freedom := 1; freedom < len(studentT); freedom++ {
		n := float64(freedom)
		top, _ := math.Lgamma((n + 1) / 2)
		bottom, _ := math.Lgamma(n / 2)
		density := func(x float64) float64 {
			return math.Exp(top-bottom) / math.Sqrt(n*math.Pi) * math.Pow(1+x*x/n, -(n+1)/2)
		}
		const steps = 20_000 // Simpson's rule
		h, sum := studentT[freedom]/steps, 0.0
		for i := range steps / 2 {
			x := float64(2*i) * h
			sum += density(x) + 4*density(x+h) + density(x+2*h)
		}
		if p := 0.5 + sum*h/3; math.Abs(p-0.975) > 2e-5 {
			t.Errorf("%d degrees of freedom: %.5f of the values are below %.4f, want 0.975", freedom, p, studentT[freedom])
		}
	}
	if want := 2*MaxEffectDays/week - 2; len(studentT)-1 != want {
		t.Errorf("the table ends at %d degrees of freedom, want %d", len(studentT)-1, want)
	}
}
