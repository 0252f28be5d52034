package schedules

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"sojourn/internal/bucket"
	"sojourn/internal/calendar"
	"sojourn/internal/lake"
	"sojourn/internal/parquetfile"
	"sojourn/internal/spool"
	"sojourn/load"
)

// read returns the rows of a made day. The work is to be closed, whatever the
// error.
func (c *chain) read(ctx context.Context, day calendar.Day) (*work, error) {
	manifest := c.made[day]
	w := &work{day: day, was: &manifest, committed: true, reason: "the days after it changed", others: map[string]*strung{}}
	if !manifest.IsFinal {
		w.reason = "the day after it was read"
	}
	w.ledger, w.most, w.kept = manifest.Ledger, c.most.part, int(manifest.Tables["user_retention"].Rows)
	if err := c.readUsers(ctx, w, manifest.Tables); err != nil {
		return w, err
	}
	for name, other := range manifest.Others {
		s := &strung{ledger: other.Ledger}
		w.others[name] = s
		var of people
		err := errors.Join(
			readList(ctx, c.lake, other.Sessions, load.ReadSessions, &of.sessions),
			readList(ctx, c.lake, other.Days, load.ReadSessionDays, &of.days))
		if err == nil {
			err = s.add(of)
		}
		if err != nil {
			return w, err
		}
	}
	return w, nil
}

func readList[R any](ctx context.Context, b *bucket.Bucket, f lake.File, decode func([]byte) ([]R, error), rows *[]R) error {
	data, err := lake.ReadFile(ctx, b, f)
	if err != nil {
		return err
	}
	if *rows, err = decode(data); err != nil {
		return fmt.Errorf("state %s: %w", f.Object, err)
	}
	return nil
}

// readUsers reads the rows that the files of a day have of its users.
func (c *chain) readUsers(ctx context.Context, w *work, files map[string]lake.File) error {
	var open []fileReader
	defer func() {
		for _, f := range open {
			f.close() // read-only: nothing to lose
		}
	}()
	sessions := newRowReader(c, files["sessions"], ofSession)
	days := newRowReader(c, files["session_days"], ofSessionDay)
	steps := newRowReader(c, files["session_steps"], ofStep)
	users := newRowReader(c, files["users"], ofUserRow)
	userEvents := newRowReader(c, files["user_events"], ofUserEvent)
	userFeatures := newRowReader(c, files["user_features"], ofUserFeature)
	userFunnels := newRowReader(c, files["user_funnels"], ofUserFunnel)
	retention := newRowReader(c, files["user_retention"], ofUserRetention)
	all := []fileReader{sessions, days, steps, users, userEvents, userFeatures, userFunnels, retention}
	for _, r := range all {
		open = append(open, r)
		if err := r.open(ctx); err != nil {
			return err
		}
	}
	return w.addAll(&crowd{next: func() (people, error) {
		var reaches []reach
		for _, r := range all {
			far, err := r.peek(w.target() / len(all))
			if err != nil {
				return people{}, err
			}
			reaches = append(reaches, far)
		}
		user, ok := meet(reaches...)
		if !ok {
			return people{}, nil
		}
		return people{
			sessions: sessions.upTo(user), days: days.upTo(user), steps: steps.upTo(user),
			users: users.upTo(user), userEvents: userEvents.upTo(user), userFeatures: userFeatures.upTo(user), userFunnels: userFunnels.upTo(user),
			retention: retention.upTo(user),
		}, nil
	}})
}

// A fileReader reads the file of a table some users at a time.
type fileReader interface {
	open(ctx context.Context) error
	peek(bytes int) (reach, error) // reads on until about so many bytes are held
	close() error
}

type rowReader[R any] struct {
	chain   *chain
	file    lake.File
	user    func(*R) string
	content spool.Buffer
	rows    *parquetfile.Reader[R]
	held    []R
	ended   bool
}

func newRowReader[R any](c *chain, f lake.File, user func(*R) string) *rowReader[R] {
	return &rowReader[R]{chain: c, file: f, user: user, content: spool.Buffer{Most: c.most.file}}
}

func (r *rowReader[R]) open(ctx context.Context) error {
	err := lake.CopyFile(ctx, r.chain.lake, r.file, &r.content)
	if err != nil {
		return err // it names the file
	}
	if r.rows, err = parquetfile.NewReader[R](&r.content, r.content.Size()); err != nil {
		return fmt.Errorf("state %s: %w", r.file.Object, err)
	}
	return nil
}

func (r *rowReader[R]) peek(bytes int) (reach, error) {
	for n := max(1, rowsIn[R](bytes)); ; n *= 2 {
		if !r.ended && len(r.held) < n {
			more, err := r.rows.Read(n - len(r.held))
			if err != nil {
				return reach{}, fmt.Errorf("state %s: %w", r.file.Object, err)
			}
			if len(r.held) > 0 {
				more = slices.Concat(r.held, more)
			}
			r.held, r.ended = more, r.rows.Left() == 0
		}
		switch far, whole := r.whole(); {
		case r.ended:
			return reach{user: lastOf(r.held, r.user), all: true, none: len(r.held) == 0}, nil
		case whole:
			return reach{user: far}, nil
		}
	}
}

// whole returns the last user all of whose rows are held: the one before the
// last; ok is false if there is none.
func (r *rowReader[R]) whole() (user string, ok bool) {
	last := lastOf(r.held, r.user)
	for i := len(r.held) - 1; i >= 0; i-- {
		if u := r.user(&r.held[i]); u != last {
			return u, true
		}
	}
	return "", false
}

// upTo takes the rows of the users up to one, no further than the reach.
func (r *rowReader[R]) upTo(user string) (rows []R) {
	rows, r.held = cutRows(r.held, user, r.user)
	return rows
}

func (r *rowReader[R]) close() error {
	if r.rows != nil {
		r.rows.Close()
	}
	return r.content.Close()
}
