package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"sojourn/schedules"
)

// A progress is a line on a terminal that says how far a run has come; nothing
// elsewhere, where the log says what was done. The log goes through it, so
// that the two do not mix.
type progress struct {
	w     io.Writer
	shown bool // there is a terminal to draw on

	mu      sync.Mutex
	stage   string
	began   time.Time
	printed time.Time
	width   int // of the line on the screen
}

func newProgress(w io.Writer, c *cli) *progress {
	return &progress{w: w, shown: !c.Quiet && c.LogFormat != "json" && isTerminal(w)}
}

// Write takes the line off the screen and writes a line of the log.
func (p *progress) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	return p.w.Write(text)
}

// show draws the line, at most ten times a second.
func (p *progress) show(at schedules.Progress) {
	if !p.shown {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if at.Stage != p.stage {
		p.stage, p.began = at.Stage, now
	} else if now.Sub(p.printed) < 100*time.Millisecond && at.Done < at.Total {
		return
	}
	p.printed = now
	p.draw(p.line(at, now.Sub(p.began)))
}

// line says how far a stage has come, how fast, and how long it may take.
func (p *progress) line(at schedules.Progress, took time.Duration) string {
	text := fmt.Sprintf("%-8s", at.Stage)
	if at.Total > 0 {
		text += fmt.Sprintf(" %3d %%", 100*at.Done/at.Total)
	}
	if at.Rows > 0 && took > 0 {
		text += fmt.Sprintf("  %s rows, %s rows/s", thousands(at.Rows), thousands(int64(float64(at.Rows)/took.Seconds())))
	}
	if at.Done > 0 && at.Done < at.Total {
		left := time.Duration(float64(took) * float64(at.Total-at.Done) / float64(at.Done))
		text += fmt.Sprintf("  %s left", left.Round(time.Second))
	}
	return text
}

func (p *progress) draw(text string) {
	fmt.Fprintf(p.w, "\r%s%s", text, strings.Repeat(" ", max(0, p.width-len(text))))
	p.width = len(text)
}

// done takes the line off the screen.
func (p *progress) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

func (p *progress) clear() {
	if p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
