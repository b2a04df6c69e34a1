package rely

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
	"github.com/understudy-portal/understudy/host/config"
)

// The ways in which entities can be written (export.md 1.3).
const (
	// Auto finds out which of Tasks and Bulk the account has.
	Auto = "auto"
	// Tasks hands chunks over as bulk tasks and polls them.
	Tasks = "tasks"
	// Bulk writes chunks by single requests.
	Bulk = "bulk"
	// Raw posts catalog entities as they are.
	Raw = "raw"
)

// Modes are all of them.
func Modes() []string { return []string{Auto, Tasks, Bulk, Raw} }

// DefaultRawPath is where Raw posts to. The real path is unknown (export.md 1.3).
const DefaultRawPath = "/api/v1/legacy/webhooks/backstage"

// Rewrite changes the path of a request, as an entry of pathRewrite does.
type Rewrite struct {
	Pattern *regexp.Regexp
	// Replacement may use $1.
	Replacement string
}

// Options are what a Destination works with. Target and Mapping are required.
type Options struct {
	// Target is the API's address, such as https://magneto.rely.io.
	Target string
	// Headers are sent with each request; one of them holds the key.
	Headers map[string]config.Secret
	// Prefix is what the path begins with when Rewrites see it, such as "/api/proxy/rely".
	Prefix string
	// Rewrites change paths; the first that matches counts. Without any, paths are sent as they are.
	Rewrites []Rewrite
	// Insecure accepts any certificate.
	Insecure bool
	// Gzip compresses bodies.
	Gzip bool
	// Mode is one of Modes; empty means Auto.
	Mode string
	// RawPath is where Raw posts to; empty means DefaultRawPath.
	RawPath string
	// Mapping makes the documents.
	Mapping *mapping.Mapping
	// Limits are those of the configuration; zero fields have the defaults of export.md 1.3.
	Limits export.Limits
	// Replace has entities that keep what they were told to clear written anew, without what others wrote into them. Without
	// it a warning tells of them.
	Replace bool
	// Kinds lists the catalog's kinds that have no rules of their own and need a blueprint; nil means none.
	Kinds func(ctx context.Context) ([]string, error)
	// UserAgent names us.
	UserAgent string
	// Log takes what operators should know; nil drops it.
	Log *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Transport makes the requests, for tests; nil means one of its own.
	Transport http.RoundTripper
}

// Destination writes to one Rely account. It is safe for concurrent use.
type Destination struct {
	opts   Options
	client *client
	log    *slog.Logger
	// state is what is known of the account.
	state atomic.Pointer[state]
	sent  *tickets
}

// state is what Prepare found out.
type state struct {
	mode    string
	mapping *mapping.Mapping
	shape   mapping.Shape
}

// New returns a Destination. It makes no request yet.
func New(o Options) (*Destination, error) {
	if o.Mapping == nil {
		return nil, errors.New("rely: a destination wants a mapping")
	}
	o.Mode = cmp.Or(o.Mode, Auto)
	if !slices.Contains(Modes(), o.Mode) {
		return nil, fmt.Errorf("rely: unknown mode %q; use one of %s", o.Mode, strings.Join(Modes(), ", "))
	}
	target, err := ParseTarget(o.Target)
	if err != nil {
		return nil, fmt.Errorf("rely: target %w", err)
	}
	o.RawPath = "/" + strings.TrimLeft(cmp.Or(o.RawPath, DefaultRawPath), "/")
	o.UserAgent = cmp.Or(o.UserAgent, "Understudy")
	o.Limits = withDefaults(o.Limits)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &Destination{opts: o, log: o.Log, client: newClient(o, target), sent: newTickets()}
	d.state.Store(&state{mode: o.Mode, mapping: o.Mapping})
	return d, nil
}

// ParseTarget reads an API's address: http or https, without user, query and fragment.
func ParseTarget(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("is no URL")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, errors.New("must begin with http:// or https:// and a host")
	case u.User != nil:
		return nil, errors.New("must not hold a password; use headers")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("must not have a query or a fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

func withDefaults(l export.Limits) export.Limits {
	l.MaxEntities = cmp.Or(l.MaxEntities, 100)
	l.MaxBytes = cmp.Or(l.MaxBytes, 768<<10)
	l.Concurrency = cmp.Or(l.Concurrency, 2)
	l.PollEvery = cmp.Or(l.PollEvery, time.Second)
	l.PollTimeout = cmp.Or(l.PollTimeout, 10*time.Minute)
	return l
}

// Target is the address that is written to.
func (d *Destination) Target() string { return d.client.target.String() }

// Limits are those of the configuration.
func (d *Destination) Limits() export.Limits { return d.opts.Limits }

// WaitingUntil is until when Rely asked us to wait.
func (d *Destination) WaitingUntil() time.Time { return d.client.pacer.Until() }

// Hold has all requests wait until then, because Rely asked for that earlier.
func (d *Destination) Hold(until time.Time) { d.client.pacer.Pause(until) }

// Fingerprint is the mapping's, as it is configured.
func (d *Destination) Fingerprint() string {
	if d.opts.Mode == Raw {
		return "raw/" + d.opts.Mapping.Fingerprint()
	}
	return d.opts.Mapping.Fingerprint()
}

// Map returns an entity's document, as it suits the account as far as that is known.
func (d *Destination) Map(ctx context.Context, e entity.Entity) (export.Document, error) {
	s := d.state.Load()
	if d.opts.Mode == Raw {
		return s.mapping.Raw(ctx, e)
	}
	return s.mapping.Map(ctx, e)
}

var (
	_ export.Destination = (*Destination)(nil)
	_ export.Holder      = (*Destination)(nil)
)
