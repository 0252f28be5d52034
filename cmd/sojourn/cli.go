package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"sojourn/extract"
	"sojourn/internal/calendar"
	"sojourn/internal/redact"
)

// cli is the command line: its fields are the flags, its tags are the help.
type cli struct {
	Config    string `short:"c" default:"sojourn.yaml" env:"SOJOURN_CONFIG" placeholder:"FILE" help:"Configuration file (${default})."`
	Lake      string `env:"SOJOURN_LAKE" placeholder:"URL" help:"Lake, instead of the configured one: a directory or a bucket URL."`
	DuckDB    string `name:"duckdb" env:"SOJOURN_DUCKDB" placeholder:"FILE" help:"DuckDB warehouse, instead of the configured one."`
	Memory    string `env:"SOJOURN_MEMORY" placeholder:"SIZE" help:"Memory that a run should take, about, such as 1GiB; default 256MiB while it reads, no limit after."`
	Workers   int    `env:"SOJOURN_WORKERS" placeholder:"N" help:"Objects read at once; default one a core."`
	LogFormat string `env:"SOJOURN_LOG_FORMAT" enum:"auto,text,json" default:"auto" help:"Narration on stderr: text, json (one object a line), or auto: text on a terminal."`
	Quiet     bool   `short:"q" env:"SOJOURN_QUIET" help:"No narration or progress."`
	Verbose   bool   `short:"v" env:"SOJOURN_VERBOSE" help:"More narration."`

	Demo        demoCmd        `cmd:"" help:"Write a project with realistic messy events and run it: tables in seconds, no network."`
	Init        initCmd        `cmd:"" help:"Write a commented sojourn.yaml."`
	Doctor      doctorCmd      `cmd:"" help:"Look at a sample of the sources and say whether the configuration fits. Writes nothing."`
	Generate    generateCmd    `cmd:"" help:"Write seeded raw events with the true sessions beside them."`
	Plan        planCmd        `cmd:"" help:"Say what run would do and why. Writes nothing."`
	Run         runCmd         `cmd:"" help:"Make the tables of every missing or stale day up to yesterday, and publish them."`
	Backfill    backfillCmd    `cmd:"" help:"Make the tables of a range of days, both ends included."`
	Schedule    scheduleCmd    `cmd:"" help:"Stay up and run on the configured cron spec."`
	Status      statusCmd      `cmd:"" help:"Show how each day stands: missing, stale, provisional, published."`
	Diff        diffCmd        `cmd:"" help:"Compare two versions of the tables: runs, times, lakes, backfills, definitions."`
	Verify      verifyCmd      `cmd:"" help:"Check every file of the lake, and that the tables follow from what they were made from."`
	Lock        lockCmd        `cmd:"" help:"Show which run holds the lake, and put it out if it must be."`
	Query       queryCmd       `cmd:"" help:"Ask the embedded warehouse."`
	Erase       eraseCmd       `cmd:"" help:"Take people out of lake and warehouse, and keep them out."`
	Compare     compareCmd     `cmd:"" help:"Compare the app with published benchmarks and with its own past."`
	Benchmarks  benchmarksCmd  `cmd:"" help:"Show published figures, and add those of your own."`
	Explain     explainCmd     `cmd:"" help:"Say why: how a session came about, what is known of a user, what a number was counted from."`
	Quarantine  quarantineCmd  `cmd:"" help:"Records that could not be used: list them, show them, read them again."`
	Definitions definitionsCmd `cmd:"" help:"Show session definitions, and what becomes of a day's sessions under another."`
	Version     versionCmd     `cmd:"" help:"Print versions."`
}

const description = `Sojourn turns raw app events into session, frequency, retention and segment tables.

	sojourn demo        try it: a project with realistic events, run, no account needed
	sojourn init        your own events: writes a commented sojourn.yaml
	sojourn doctor      does it fit your events?
	sojourn run         every night, from cron
	sojourn query SQL   ask the tables`

const exitStatus = `
Exit status: 0 done, or nothing to do · 1 failed · 2 usage or configuration ·
3 finished, but too much of the input was unreadable · 4 tables do not agree with
each other and were not published · 5 doctor, diff or verify found differences,
or status --fresh that yesterday is not published ·
11 locked by another run · 75 a remote service is unavailable, try again later ·
130 interrupted, run again to resume`

// The exit codes.
const (
	exitOK          = 0
	exitFailed      = 1
	exitUsage       = 2
	exitUnreadable  = 3
	exitBlocked     = 4
	exitDiffers     = 5
	exitLocked      = 11
	exitUnavailable = 75
	exitInterrupted = 130
)

// app is what commands need of their surroundings.
type app struct {
	cli            *cli
	stdout, stderr io.Writer
	progress       *progress
	log            *slog.Logger
	memory         memoryLimit
}

// run does what the arguments say and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var c cli
	helped := false
	parser, err := kong.New(&c,
		kong.Name("sojourn"), kong.Description(description), kong.UsageOnError(),
		kong.Vars{"formats": strings.Join(extract.Formats(), ", ")},
		kong.Writers(stdout, stderr), kong.Exit(func(int) { helped = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(func(o kong.HelpOptions, ctx *kong.Context) error {
			err := kong.DefaultHelpPrinter(o, ctx)
			fmt.Fprintln(ctx.Stdout, exitStatus)
			return err
		}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "sojourn:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if helped {
		return exitOK
	}
	raw := stderr // progress moves the cursor
	stderr = &visibleWriter{w: stderr}
	if isTerminal(stdout) {
		stdout = &visibleWriter{w: stdout}
	}
	if err != nil {
		fmt.Fprintf(stderr, "sojourn: %v\nsojourn --help lists commands and flags\n", redact.Error(err))
		return exitUsage
	}
	a := &app{cli: &c, stdout: stdout, stderr: stderr, progress: newProgress(raw, &c)}
	a.log = a.newLogger(isTerminal(raw))
	defer a.memory.lift()
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(a)
	code := exitCode(ctx, err)
	if err != nil {
		fmt.Fprintln(stderr, "sojourn:", redact.Error(err))
	}
	if noRoom(err) {
		fmt.Fprintln(stderr, "there is no room for a file: make some, and run it again; what was done is kept")
	}
	if code == exitInterrupted {
		fmt.Fprintln(stderr, "what was done is kept: run it again to go on")
	}
	return code
}

// newLogger returns where narration goes: for people without time and level.
func (a *app) newLogger(onTerminal bool) *slog.Logger {
	level := slog.LevelInfo
	switch {
	case a.cli.Quiet:
		level = slog.LevelError
	case a.cli.Verbose:
		level = slog.LevelDebug
	}
	if a.cli.LogFormat == "text" || a.cli.LogFormat == "auto" && onTerminal {
		return slog.New(slog.NewTextHandler(a.progress, &slog.HandlerOptions{
			Level: level,
			ReplaceAttr: func(groups []string, attr slog.Attr) slog.Attr {
				if len(groups) == 0 && (attr.Key == slog.TimeKey || attr.Key == slog.LevelKey && level == slog.LevelInfo) {
					return slog.Attr{}
				}
				return redactAttr(groups, attr)
			},
		}))
	}
	return slog.New(slog.NewJSONHandler(a.progress, &slog.HandlerOptions{Level: level, ReplaceAttr: redactAttr}))
}

// redactAttr takes secrets out of the addresses in a line of narration.
func redactAttr(_ []string, attr slog.Attr) slog.Attr {
	switch v := attr.Value.Any().(type) {
	case string:
		attr.Value = slog.StringValue(redact.Text(v))
	case error:
		attr.Value = slog.StringValue(redact.Text(v.Error()))
	case fmt.Stringer:
		if attr.Value.Kind() == slog.KindAny {
			attr.Value = slog.StringValue(redact.Text(v.String()))
		}
	}
	return attr
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// A usageError is the operator's to mend.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// errUnreadable ends a run that did all it could with input too much of which
// was unreadable.
var errUnreadable = errors.New("too many unreadable records")

// errUnread ends a command that left some of its objects alone.
var errUnread = errors.New("not all of the objects could be read")

// days are the flags of a range of days.
type days struct {
	From *calendar.Day `placeholder:"DATE" help:"First day, YYYY-MM-DD."`
	To   *calendar.Day `placeholder:"DATE" help:"Last day, included."`
}

func (d days) check() error {
	if d.From != nil && d.To != nil && *d.To < *d.From {
		return usagef("--to %s is before --from %s", *d.To, *d.From)
	}
	return nil
}

// plural writes a number of things.
func plural[N int | int64](n N, thing string) string {
	text := thousands(int64(n)) + " " + thing
	if n != 1 {
		text += "s"
	}
	return text
}

// thousands writes a number with separators.
func thousands(n int64) string {
	text := fmt.Sprint(n)
	var parts []string
	for len(text) > 3 && !(len(text) == 4 && text[0] == '-') {
		parts = append([]string{text[len(text)-3:]}, parts...)
		text = text[:len(text)-3]
	}
	return strings.Join(append([]string{text}, parts...), ",")
}
