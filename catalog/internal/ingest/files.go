package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// Limits on what is read from files.
const (
	maxFileSize  = 10 << 20
	maxDocuments = 10_000
	maxMatches   = 100_000
)

// FileReader reads locations of type file (catalog.md 7.6). Their targets may be globs.
type FileReader struct{}

// Name is the name that error texts show.
func (FileReader) Name() string { return "FileReaderProcessor" }

func (FileReader) builtin() {}

// fileResult is what came of one file.
type fileResult struct {
	children []child
	errs     []error
	mark     mark
}

// ReadLocation reads all files that the target matches, several at once, and emits what they hold in the order of their
// names.
func (FileReader) ReadLocation(ctx context.Context, target entity.LocationRef, optional bool, emit *Emitter) (bool, error) {
	if target.Type != "file" {
		return false, nil
	}
	inside := fenceOf(emit.parent, target)
	matches, err := inside.expand(target.Target)
	switch {
	case outside(err):
		emit.Error(err)
		return true, nil
	case err != nil:
		emit.Error(fmt.Errorf("file %s could not be read, %w", target.Target, err))
		return true, nil
	}
	if len(matches) != 1 || matches[0] != target.Target {
		emit.sources.Globs[target.Target] = globHash(matches)
	}
	if len(matches) == 0 && !optional {
		emit.Error(notThere(target))
	}
	if len(matches) > maxMatches {
		emit.Error(fmt.Errorf("file %s matches %d files, more than the %d that are read", target.Target, len(matches), maxMatches))
		return true, nil
	}
	results := make([]fileResult, len(matches))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range matches {
		g.Go(func() error {
			results[i] = readDescriptors(filepath.Clean(path), target, optional, inside, emit)
			return context.Cause(ctx)
		})
	}
	if err := g.Wait(); err != nil {
		return true, err
	}
	for i, r := range results {
		path := filepath.Clean(matches[i])
		emit.sources.Files[path] = r.mark
		for _, err := range r.errs {
			emit.Error(err)
		}
		if r.mark.Size >= 0 {
			emit.RefreshKey("file:" + path)
		}
		for _, c := range r.children {
			emit.add(c, nil)
		}
	}
	return true, nil
}

// readDescriptors reads one file. It only uses what of the emitter does not change.
func readDescriptors(path string, target entity.LocationRef, optional bool, inside *fence, emit *Emitter) fileResult {
	data, mark, err := inside.read(path, maxFileSize, time.Now())
	r := fileResult{mark: mark}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !optional {
			r.errs = append(r.errs, notThere(target))
		}
		return r
	case outside(err):
		r.errs = append(r.errs, err)
		return r
	case err != nil:
		r.errs = append(r.errs, fmt.Errorf("file %s could not be read, %w", path, err))
		return r
	}
	from := entity.LocationRef{Type: "file", Target: path}
	for _, doc := range parse(from, data, maxDocuments) {
		if doc.err != nil {
			r.errs = append(r.errs, doc.err)
			continue
		}
		c, err := emit.prepare(from, doc.entity, from.String())
		if err != nil {
			r.errs = append(r.errs, err)
			continue
		}
		r.children = append(r.children, c)
	}
	return r
}

func notThere(target entity.LocationRef) error {
	return fault.NotFound("%s %s does not exist", target.Type, target.Target)
}

// NoURLReader answers for locations of type url, which this server cannot read yet.
type NoURLReader struct{}

// Name is the name that error texts show.
func (NoURLReader) Name() string { return "UrlReaderProcessor" }

func (NoURLReader) builtin() {}

// ReadLocation emits an error: what cannot be read must not look empty.
func (NoURLReader) ReadLocation(_ context.Context, target entity.LocationRef, _ bool, emit *Emitter) (bool, error) {
	if target.Type != "url" {
		return false, nil
	}
	emit.RefreshKey(target.String())
	emit.Error(fault.NotImplemented("Unable to read url, reading of url locations is not part of this build yet: %s", target.Target))
	return true, nil
}

var (
	_ LocationReader = FileReader{}
	_ LocationReader = NoURLReader{}
)
