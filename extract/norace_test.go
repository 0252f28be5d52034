//go:build !race

package extract

const allocatedTimes = 1
