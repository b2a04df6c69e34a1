package main

import (
	"bytes"
	"context"
	"os"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
)

// archive is a plugin with a destination of its own: the export engine sends the catalog to a file, one entity a line. Plans,
// runs that resume, /migrate and the history are the engine's. It is on when the configuration has a section `archive`:
//
//	archive: {file: catalog.ndjson}
type archive struct {
	engine *export.Engine
}

type archiveSettings struct {
	File string `config:"file,required"`
}

func loadArchive(c *config.Config) (archiveSettings, error) {
	var s archiveSettings
	return s, c.Decode("archive", &s, config.Strict)
}

// ID is where the routes are: /api/archive.
func (*archive) ID() string { return "archive" }

// RequiredConfig turns the plugin on.
func (*archive) RequiredConfig() string { return "archive" }

// ConfigPaths is what the plugin reads.
func (*archive) ConfigPaths() []string { return []string{"archive"} }

// CheckConfig reports mistakes.
func (*archive) CheckConfig(c *config.Config) error {
	_, err := loadArchive(c)
	return err
}

// Register puts the engine together.
func (a *archive) Register(ctx context.Context, env *host.Env) error {
	s, err := loadArchive(env.Config)
	if err != nil {
		return err
	}
	db, err := env.Database(ctx)
	if err != nil {
		return err
	}
	a.engine, err = export.New(export.Options{
		ID: "archive", Plugin: "archive", Destination: &file{path: s.File}, Catalog: env.Catalog, Database: db,
		Tasks: env.Tasks, Log: env.Log, Metrics: env.Metrics, Audit: env.Audit, Permissions: env.Permissions,
	})
	if err != nil {
		return err
	}
	a.engine.Mount(env.Routes, export.MountOptions{BaseURL: env.Discovery.ExternalURL("archive")})
	return nil
}

// Start opens the engine's store.
func (a *archive) Start(ctx context.Context) error { return a.engine.Start(ctx) }

// Run exports until ctx ends.
func (a *archive) Run(ctx context.Context) error { return a.engine.Run(ctx) }

// Stop ends what still waits.
func (a *archive) Stop(context.Context) error { return a.engine.Close() }

// Health reports whether the engine can work.
func (a *archive) Health(ctx context.Context) error { return a.engine.Health(ctx) }

// file is the destination: a line for each entity, appended. Of several lines with one ref the last counts, so that a payload
// that is written twice after a crash does no harm.
type file struct {
	path string
	mu   sync.Mutex // one writer at a time
}

// Fingerprint changes when documents are made in another way; everything is sent again then.
func (*file) Fingerprint() string { return "1" }

// Map makes a document of an entity: the entity itself.
func (*file) Map(_ context.Context, e entity.Entity) (export.Document, error) {
	ref := e.Ref().String()
	return export.Document{EntityRef: ref, ID: ref, Body: entity.AppendJSON(nil, e.Object)}, nil
}

// Target is the file.
func (f *file) Target() string { return f.path }

// Prepare has nothing to find out.
func (*file) Prepare(context.Context, string, bool) (export.Prepared, error) {
	return export.Prepared{Mode: "file"}, nil
}

// Element is the document as it is.
func (*file) Element(doc export.Document, _ []string) []byte { return doc.Body }

// Shrink spares nothing.
func (*file) Shrink(doc export.Document) (export.Document, bool) { return doc, false }

// Payload joins lines.
func (*file) Payload(elements [][]byte) []byte {
	return append(bytes.Join(elements, []byte{'\n'}), '\n')
}

// Overhead is the line feed at the end.
func (*file) Overhead() int { return 1 }

// Submit appends the lines, and settles them by the time it returns.
func (f *file) Submit(_ context.Context, payload []byte) (export.Submitted, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		if _, err = out.Write(payload); err == nil {
			err = out.Sync()
		}
		if closed := out.Close(); err == nil {
			err = closed
		}
	}
	if err != nil {
		return export.Submitted{}, &export.Failure{Kind: export.Transient, Message: "the archive cannot be written: " + err.Error(), Err: err}
	}
	return export.Submitted{WireBytes: len(payload)}, nil
}

// Poll is never asked, since Submit gives no tickets.
func (*file) Poll(context.Context, string) (bool, error) { return true, nil }

// Limits are generous: a disk takes what it is given.
func (*file) Limits() export.Limits {
	return export.Limits{MaxEntities: 500, MaxBytes: 4 << 20, Concurrency: 1, PollEvery: time.Second, PollTimeout: time.Minute}
}

// WaitingUntil is never.
func (*file) WaitingUntil() time.Time { return time.Time{} }

var (
	_ host.Plugin         = (*archive)(nil)
	_ host.ConfigRequirer = (*archive)(nil)
	_ host.ConfigDeclarer = (*archive)(nil)
	_ host.ConfigChecker  = (*archive)(nil)
	_ host.Starter        = (*archive)(nil)
	_ host.Runner         = (*archive)(nil)
	_ host.Stopper        = (*archive)(nil)
	_ host.HealthChecker  = (*archive)(nil)
	_ export.Destination  = (*file)(nil)
)
