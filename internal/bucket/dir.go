package bucket

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"unicode/utf8"
)

// Directories are listed and read here and not by the driver. That one leaves
// out folders it may not list without a word, opens named pipes and waits
// for ever, follows links to anywhere, and takes __0x2f__ in the name of a file
// for a slash.

// listDir yields the files of a directory bucket, in the lexical order of their
// names, until yield returns false.
func (b *Bucket) listDir(ctx context.Context, prefix string, yield func(Object, error) bool) {
	l := dirListing{b, prefix, yield}
	// Without the directory there is nothing to say of what is in it: that it
	// is empty would be a lie where a disk is not mounted.
	if _, err := os.Stat(b.dir); err != nil || b.closed.Load() {
		yield(Object{}, fmt.Errorf("list %s/%s: %w", b.url, prefix, cmp.Or(err, fs.ErrClosed)))
		return
	}
	l.folder(ctx, prefix[:strings.LastIndexByte(prefix, '/')+1])
}

type dirListing struct {
	bucket *Bucket
	prefix string
	yield  func(Object, error) bool
}

// folder lists a folder, whose name is empty or ends with a slash, and reports
// whether to go on.
func (l *dirListing) folder(ctx context.Context, name string) bool {
	if err := ctx.Err(); err != nil {
		l.yield(Object{}, err)
		return false
	}
	entries, err := os.ReadDir(filepath.Join(l.bucket.dir, filepath.FromSlash(name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true // none of that name, or it has just gone
	case err != nil && len(name) > len(l.prefix):
		// Below what was asked for there may be folders that are not ours.
		if !l.yield(Object{Name: shown(name), Problem: "it is a folder that cannot be listed: " + reasonOf(err) + ": give the right to read it, or move it away"}, nil) {
			return false
		}
	case err != nil:
		l.yield(Object{}, fmt.Errorf("list %s/%s: %w", l.bucket.url, l.prefix, err))
		return false
	}
	slices.SortFunc(entries, func(x, y fs.DirEntry) int { return cmp.Compare(sortKey(x), sortKey(y)) })
	for _, e := range entries {
		full := name + e.Name()
		if e.IsDir() {
			full += "/"
			if (strings.HasPrefix(full, l.prefix) || strings.HasPrefix(l.prefix, full)) && !l.folder(ctx, full) {
				return false
			}
			continue
		}
		if !strings.HasPrefix(full, l.prefix) {
			continue
		}
		info, err := e.Info()
		if err != nil {
			continue // it has just gone
		}
		o := Object{Name: full, Size: info.Size(), Version: versionOfFile(info), Problem: problemOf(info.Mode())}
		if !utf8.ValidString(full) {
			o.Name, o.Problem = shown(full), "its name is not UTF-8: rename it"
		}
		if !l.yield(o, nil) {
			return false
		}
	}
	return true
}

// sortKey puts the files of a folder where their names belong.
func sortKey(e fs.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

func versionOfFile(info fs.FileInfo) string {
	// Both, as some copies keep the time of the original.
	return strconv.FormatInt(info.ModTime().UnixNano(), 36) + "-" + strconv.FormatInt(info.Size(), 36)
}

// problemOf says why something in a directory is not read; empty for a file.
func problemOf(mode fs.FileMode) string {
	switch {
	case mode.IsRegular():
		return ""
	case mode&fs.ModeSymlink != 0:
		return "it is a link, and links are not followed: put the file itself there"
	case mode&fs.ModeNamedPipe != 0:
		return "it is a named pipe, not a file: move it away"
	case mode&fs.ModeSocket != 0:
		return "it is a socket, not a file: move it away"
	case mode&fs.ModeDevice != 0:
		return "it is a device, not a file: move it away"
	}
	return "it is not a file: move it away"
}

// shown is a name whose bytes that are not UTF-8 are written \xff.
func shown(name string) string {
	if utf8.ValidString(name) {
		return name
	}
	var out strings.Builder
	for len(name) > 0 {
		r, size := utf8.DecodeRuneInString(name)
		if r == utf8.RuneError && size == 1 {
			fmt.Fprintf(&out, `\x%02x`, name[0])
		} else {
			out.WriteRune(r)
		}
		name = name[size:]
	}
	return out.String()
}

// reasonOf is what the system says, without operation and path.
func reasonOf(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}

// openFile opens the file of an object. Nothing outside of the directory is
// opened, and nothing that is not a file.
func (b *Bucket) openFile(name string) (*os.File, error) {
	if b.closed.Load() {
		return nil, fs.ErrClosed
	}
	root, err := os.OpenRoot(b.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close() // read-only: nothing to lose
	// A pipe would have us wait for somebody to write into it.
	f, err := root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	} else if err == nil && !info.Mode().IsRegular() {
		err = errors.New(problemOf(info.Mode()))
	}
	if err != nil {
		f.Close() // read-only: nothing to lose
		return nil, err
	}
	return f, nil
}

// longestName bounds a part of the name of an object that is written, in bytes:
// file systems take no more.
const longestName = 255

// checkName refuses to write an object of a name that is not the same
// everywhere, as a path and as a key: names are made of parts that were checked
// before, so that this is for the part that was forgotten.
func checkName(name string) error {
	ok := fs.ValidPath(name) && name != "." && !strings.Contains(name, "__0x") && !strings.Contains(name, `\`)
	for part := range strings.SplitSeq(name, "/") {
		ok = ok && len(part) <= longestName
	}
	for _, r := range name {
		ok = ok && r >= ' ' && r != 0x7f
	}
	if !ok {
		return fmt.Errorf("%q is no name for an object", name)
	}
	return nil
}
