package ingest

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// fence is the folder that files named by descriptors must lie in, so that whoever may write a descriptor cannot read the
// server's other files. A nil fence lets through everything.
type fence struct {
	folder string // as it is configured
	real   string // with its links followed
}

func newFence(folder string) *fence {
	f := &fence{folder: folder, real: folder}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		f.real = real
	}
	return f
}

// fenceOf returns the fence of a target that an entity leads to: the folder of the location that all this originates
// from. What an operator lists is free, but for the links that wildcards find.
func fenceOf(item Item, target entity.LocationRef) *fence {
	from := item.Origin
	if from.Type != "file" {
		// Somebody's processor made files of what it read elsewhere; or files may be registered, and then any of them.
		from = item.Location
	}
	if from.Type != "file" || target == item.Origin && !wild(target.Target) {
		return nil
	}
	return newFence(folderOf(from.Target))
}

// folderOf is the folder of a file, and of a glob the part before its first wildcard.
func folderOf(target string) string {
	folder := filepath.Dir(target)
	if wild(target) {
		fixed, _ := doublestar.SplitPattern(filepath.ToSlash(target))
		folder = filepath.FromSlash(fixed)
	}
	if abs, err := filepath.Abs(folder); err == nil {
		return abs
	}
	return folder
}

func wild(target string) bool { return strings.ContainsAny(target, wildcards) }

// expand is the function expand, for what lies within the fence. Single files, and links that
// it finds, are left to read.
func (f *fence) expand(target string) ([]string, error) {
	if f == nil || !wild(target) {
		return expand(target)
	}
	if _, err := f.resolve(folderOf(filepath.Clean(target))); outside(err) || climbs(target) {
		return nil, f.refusal(target)
	}
	matches, err := expand(target)
	for _, m := range matches {
		if abs, err := filepath.Abs(m); err != nil || !within(f.folder, abs) && !within(f.real, abs) {
			return nil, f.refusal(target) // the names of files outside are nobody's business
		}
	}
	return matches, err
}

// climbs reports whether a glob has a part that leads upwards.
func climbs(pattern string) bool {
	return strings.Contains(strings.ReplaceAll(filepath.Clean(pattern), `\`, ""), "..")
}

// resolve follows the links of a path, and fails with a refusal if it leads out of the fence.
func (f *fence) resolve(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(path)
	switch {
	case err == nil && within(f.real, real):
		return real, nil
	case err != nil && within(f.folder, path):
		return "", err
	default:
		return "", f.refusal(path)
	}
}

func within(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// refusal is the error for a path outside of the fence.
type refusal struct{ path, folder string }

func (r *refusal) Error() string {
	return fmt.Sprintf("%s lies outside of %s, where its location is configured; add it to catalog.locations of type file", r.path, r.folder)
}

// Unwrap gives the error its class on the wire.
func (r *refusal) Unwrap() error { return fault.NotAllowed("%s", r.Error()) }

func (f *fence) refusal(path string) error { return &refusal{path: path, folder: f.folder} }

func outside(err error) bool {
	_, ok := err.(*refusal) //nolint:errorlint // resolve returns it unwrapped
	return ok
}

// read reads a file within the fence, also if its links change meanwhile.
func (f *fence) read(path string, limit int64, now time.Time) ([]byte, mark, error) {
	if f == nil {
		return readFile(path, limit, now)
	}
	missing := mark{Size: -1}
	real, err := f.resolve(path)
	if err != nil {
		if info, serr := os.Stat(path); outside(err) && serr == nil {
			missing = stat(info, now) // so that another link in its place is noticed
		}
		return nil, missing, err
	}
	rel, err := filepath.Rel(f.real, real)
	if err != nil {
		return nil, missing, err
	}
	root, err := os.OpenRoot(f.real)
	if err != nil {
		return nil, missing, err
	}
	defer root.Close() //nolint:errcheck // nothing was written
	return readIn(root, rel, limit, now)
}

// files is where files are opened: anywhere, or within an os.Root.
type files interface {
	Stat(name string) (fs.FileInfo, error)
	OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error)
}

type anywhere struct{}

func (anywhere) Stat(name string) (fs.FileInfo, error) { return os.Stat(name) }

func (anywhere) OpenFile(name string, flag int, perm fs.FileMode) (*os.File, error) {
	return os.OpenFile(name, flag, perm) //nolint:gosec // the operator's own choice
}
