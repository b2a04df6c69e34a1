package ingest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/bmatcuk/doublestar/v4"
)

// racy is how young a file may be for its time to tell nothing: it may still be written within the same tick.
const racy = 2 * time.Second

// sources is what the processing of one entity read from files, as it is remembered in the ledger.
type sources struct {
	// Files are the files read, or tried, by path.
	Files map[string]mark `json:"files,omitempty"`
	// Globs are the patterns expanded, with a hash of what matched.
	Globs map[string]string `json:"globs,omitempty"`
}

// mark tells whether a file is still the one that was read.
type mark struct {
	// Size is -1 for a file that could not be read.
	Size int64 `json:"s"`
	// Time is the modification time in nanoseconds; 0 where it tells nothing and only Hash counts.
	Time int64  `json:"t,omitempty"`
	Hash string `json:"h,omitempty"`
}

func newSources() *sources {
	return &sources{Files: make(map[string]mark), Globs: make(map[string]string)}
}

func (s *sources) empty() bool { return len(s.Files) == 0 && len(s.Globs) == 0 }

func (s *sources) encode() []byte {
	if s.empty() {
		return nil
	}
	data, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return data
}

// readFile reads a regular file up to a limit.
func readFile(path string, limit int64, now time.Time) ([]byte, mark, error) {
	return readIn(anywhere{}, path, limit, now)
}

func readIn(from files, path string, limit int64, now time.Time) ([]byte, mark, error) {
	missing := mark{Size: -1}
	info, err := from.Stat(path)
	if err != nil {
		return nil, missing, err
	}
	if !info.Mode().IsRegular() {
		return nil, missing, errSpecial // before it is opened, because opening alone does something to some devices
	}
	if info.Size() > limit {
		return nil, stat(info, now), fmt.Errorf("it has %d bytes, more than the %d that are read", info.Size(), limit)
	}
	f, err := from.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe in its place would block
	if err != nil {
		return nil, missing, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	if info, err = f.Stat(); err != nil {
		return nil, missing, err
	}
	if !info.Mode().IsRegular() || ofKernel(f) {
		return nil, missing, errSpecial
	}
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, missing, err
	}
	if int64(len(data)) > limit {
		return nil, missing, fmt.Errorf("it has more than the %d bytes that are read", limit)
	}
	m := stat(info, now)
	m.Size, m.Hash = int64(len(data)), contentHash(data)
	return data, m, nil
}

func stat(info fs.FileInfo, now time.Time) mark {
	m := mark{Size: info.Size(), Time: info.ModTime().UnixNano()}
	if now.Sub(info.ModTime()) < racy {
		m.Time = 0
	}
	return m
}

// errSpecial is said of folders, devices, pipes, and of what lies in /proc and the like.
var errSpecial = errors.New("it is not a regular file")

// wildcards are the characters that make a target a glob.
const wildcards = `*?[{\`

// expand returns the files that a pattern matches, in order. Hidden files and links to folders are left out under
// wildcards, as Backstage's glob does; a plain path is returned whether or not it exists.
func expand(pattern string) ([]string, error) {
	if !wild(pattern) {
		return []string{pattern}, nil
	}
	matches, err := doublestar.FilepathGlob(pattern, doublestar.WithFilesOnly(), doublestar.WithNoFollow(), doublestar.WithNoHidden())
	if err != nil {
		return nil, err
	}
	slices.Sort(matches)
	return matches, nil
}

func globHash(matches []string) string { return contentHash([]byte(strings.Join(matches, "\x00"))) }

// watcher compares remembered sources with the files as they are. It is for one goroutine.
type watcher struct {
	limit int64
	now   func() time.Time
	// verified are files whose hash was compared at this size and time, so that it need not be compared again.
	verified map[string]mark
}

// changed returns what differs, or "" if nothing does.
func (w *watcher) changed(ctx context.Context, state []byte) string {
	var s sources
	if err := json.Unmarshal(state, &s); err != nil {
		return "the remembered sources cannot be read"
	}
	for pattern, known := range s.Globs {
		if matches, err := expand(pattern); err == nil && globHash(matches) != known {
			return pattern
		}
	}
	for path, known := range s.Files {
		if ctx.Err() != nil {
			return ""
		}
		if w.differs(path, known) {
			return path
		}
	}
	return ""
}

func (w *watcher) differs(path string, known mark) bool {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return known.Size != -1
	}
	if known.Size != info.Size() {
		return true
	}
	current := info.ModTime().UnixNano()
	if known.Time == current || known.Hash == "" {
		return known.Time != current
	}
	if w.verified[path] == (mark{Size: info.Size(), Time: current, Hash: known.Hash}) {
		return false
	}
	_, m, err := readFile(path, w.limit, w.now())
	if err != nil || m.Hash != known.Hash {
		return true
	}
	if m.Time != 0 {
		w.verified[path] = mark{Size: m.Size, Time: m.Time, Hash: m.Hash}
	}
	return false
}
