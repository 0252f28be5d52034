package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sojourn/schedules"
)

// A progress line on a terminal; nothing elsewhere, where the log says what
// was done.
type progress struct {
	w       io.Writer
	now     func() time.Time
	stage   string
	began   time.Time
	printed time.Time
	width   int // of the line on the screen
}

func newProgress(w io.Writer, c *cli) *progress {
	if c.Quiet || c.LogFormat == "json" || !isTerminal(w) {
		w = nil
	}
	return &progress{w: w, now: time.Now}
}

// show draws the line, at most ten times a second.
func (p *progress) show(at schedules.Progress) {
	if p.w == nil {
		return
	}
	now := p.now()
	if at.Stage != p.stage {
		p.done()
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
	if p.w != nil && p.width > 0 {
		fmt.Fprintf(p.w, "\r%s\r", strings.Repeat(" ", p.width))
		p.width = 0
	}
}
