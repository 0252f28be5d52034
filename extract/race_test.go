//go:build race

package extract

// The race detector allocates beside the program.
const allocatedTimes = 3
