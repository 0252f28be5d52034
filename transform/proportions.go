package transform

import "math"

// The two-sided 95 % point of the normal distribution.
const z95 = 1.959963984540054

// newcombe is the name of the interval of [differenceInterval] in tables.
const newcombe = "newcombe_score"

// differenceInterval returns the 95 % interval of the difference a/n − b/m of
// two proportions of independent groups, by Newcombe's method of scores
// without correction for continuity (method 10 of Newcombe, Statistics in
// Medicine 17, 1998): it combines the Wilson intervals of the two, and is
// sound also for small groups and for shares of 0 and 1. Neither n nor m is 0.
func differenceInterval(a, n, b, m int64) (low, high float64) {
	p, q := float64(a)/float64(n), float64(b)/float64(m)
	pLow, pHigh := wilson(a, n)
	qLow, qHigh := wilson(b, m)
	return p - q - hypotenuse(p-pLow, qHigh-q), p - q + hypotenuse(pHigh-p, q-qLow)
}

// wilson returns the 95 % score interval of the proportion a/n.
func wilson(a, n int64) (low, high float64) {
	// Products are rounded before they are added: processors that fuse the two
	// must come to the same bytes.
	p, size := float64(a)/float64(n), float64(n)
	middle := p + z95*z95/(2*size)
	spread := z95 * math.Sqrt(float64(p*(1-p))/size+z95*z95/(4*float64(size*size)))
	scale := 1 + z95*z95/size
	return (middle - float64(spread)) / scale, (middle + float64(spread)) / scale
}

func hypotenuse(a, b float64) float64 { return math.Sqrt(float64(a*a) + float64(b*b)) }
