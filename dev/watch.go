//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long nothing more must be saved before a build begins: editors write several files, or one twice.
const settle = 50 * time.Millisecond

// skipped are folders in which nothing is that the server is built from.
var skipped = []string{"node_modules", "testdata", "dist", "docs", "bench"}

// built are the endings of files that the server is built from.
var built = []string{".go", ".sql", ".yaml", ".yml", ".json", ".mod", ".sum", ".jq"}

// watch calls changed with the files that were saved, relative to root, until ctx ends.
func watch(ctx context.Context, root string, log *slog.Logger, changed func(ctx context.Context, files []string)) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", root, err)
	}
	defer func() { _ = w.Close() }()
	if err := addFolders(w, root, root); err != nil {
		return err
	}
	var saved []string
	timer := time.NewTimer(0)
	<-timer.C
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-w.Errors:
			log.Warn("some saved files may have been missed", "err", err)
		case event := <-w.Events:
			if event.Has(fsnotify.Create) {
				if err := addFolders(w, root, event.Name); err != nil {
					log.Warn("a new folder is not watched", "folder", event.Name, "err", err)
				}
			}
			name, err := filepath.Rel(root, event.Name)
			if err != nil || event.Op == fsnotify.Chmod || !counts(name) {
				continue
			}
			if !slices.Contains(saved, name) {
				saved = append(saved, name)
			}
			timer.Reset(settle)
		case <-timer.C:
			files := saved
			saved = nil
			changed(ctx, files)
		}
	}
}

// counts tells whether saving the file changes the server.
func counts(name string) bool {
	return slices.Contains(built, filepath.Ext(name)) && !strings.HasSuffix(name, "_test.go") && !ignored(filepath.Dir(name))
}

func ignored(folder string) bool {
	for part := range strings.SplitSeq(filepath.ToSlash(folder), "/") {
		if slices.Contains(skipped, part) || len(part) > 1 && part[0] == '.' && part != ".." {
			return true
		}
	}
	return false
}

// addFolders watches a folder and those below it. What is no folder, or is gone, is left out.
func addFolders(w *fsnotify.Watcher, root, at string) error {
	return filepath.WalkDir(at, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if !d.IsDir() {
			return nil
		}
		if name, err := filepath.Rel(root, path); err != nil || ignored(name) {
			return filepath.SkipDir
		}
		return w.Add(path)
	})
}
