package backend

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/config"
)

// checkTimeout bounds a whole self-check.
const checkTimeout = 60 * time.Second

// checkups runs self-checks, one at a time, and remembers the latest. Those who ask alike at once share one.
type checkups struct {
	flight singleflight.Group
	// turn holds the one token of the check that is under way.
	turn chan struct{}
	// life ends what goes on when the server stops.
	life    context.Context //nolint:containedctx // the server's, not a request's
	end     context.CancelFunc
	waiting sync.WaitGroup

	mu   sync.Mutex // guards last
	last host.Checkup
}

func newCheckups() *checkups {
	c := &checkups{turn: make(chan struct{}, 1)}
	c.life, c.end = context.WithCancel(context.Background())
	return c
}

// close ends what is under way, and waits for it. Nobody asks any more.
func (c *checkups) close() {
	c.end()
	c.waiting.Wait()
}

func (c *checkups) latest() (host.Checkup, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last, !c.last.At.IsZero()
}

// run looks at everything, or waits for the check that is under way for somebody with the same user token. It returns
// nothing when the caller has gone.
func (c *checkups) run(ctx context.Context, s *server, userToken config.Secret) host.Checkup {
	sum := sha256.Sum256([]byte(userToken.Reveal()))
	shared := c.flight.DoChan(string(sum[:]), func() (any, error) {
		// Others wait for the result too, and it is remembered: it does not end with the first caller's request.
		return c.look(c.life, s, userToken), nil
	})
	own := make(chan host.Checkup, 1)
	// Somebody stays with the check when its caller leaves, so that close knows of it.
	c.waiting.Go(func() {
		checkup, _ := (<-shared).Val.(host.Checkup)
		own <- checkup
	})
	select {
	case checkup := <-own:
		return checkup
	case <-ctx.Done():
		return host.Checkup{}
	}
}

// look takes its turn and looks at everything.
func (c *checkups) look(ctx context.Context, s *server, userToken config.Secret) host.Checkup {
	ctx, cancel := context.WithTimeoutCause(ctx, checkTimeout, fmt.Errorf("the check took longer than %s", checkTimeout))
	defer cancel()
	asked := time.Now()
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		waited := about{"server", "the server itself"}.failed("ask once more", "other checks were under way for all the time that this one may take")
		return host.Checkup{At: asked, Took: time.Since(asked), Steps: []host.Step{waited}}
	}
	began := time.Now()
	result := host.Checkup{At: began, Steps: s.diagnose(ctx, userToken)}
	result.Took = time.Since(began)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = result
	return result
}

// diagnosis is one self-check. Its steps come in groups; those of one group are independent of each other, and begin when
// the group before has ended, whose results they may read.
type diagnosis struct {
	s      *server
	client *http.Client
	// given is a user token from outside; zero when there is none.
	given config.Secret

	peers map[string]*peer
	node  nodeConfig
	// broken are the plugins whose store cannot be written, with the step that says so.
	broken map[string]string
	user   auth.Credentials
}

// diagnose takes all steps. Those that cannot make sense yet say for which they wait; none keeps another from being taken.
func (s *server) diagnose(ctx context.Context, userToken config.Secret) []host.Step {
	transport := &http.Transport{DisableKeepAlives: true, TLSHandshakeTimeout: stepTimeout, Proxy: http.ProxyFromEnvironment}
	defer transport.CloseIdleConnections()
	d := &diagnosis{
		s: s, given: userToken, broken: map[string]string{},
		// A redirect is an answer: whoever fetches keys does not follow it either (core.md 4.6).
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	d.findPeers(ctx)
	steps := d.local()
	steps = append(steps, d.databases(ctx)...)
	steps = append(steps, together(d.peerChecks(ctx)...)...)
	// The plugins' own steps take longest, and need nothing of what comes between.
	var own []host.Step
	var asking sync.WaitGroup
	asking.Go(func() { own = together(d.pluginChecks(ctx)...) })
	d.node = d.readNode(ctx)
	user, token := d.userToken(ctx)
	d.user = token
	steps = append(steps, user)
	steps = append(steps, together(d.tokenChecks(ctx)...)...)
	steps = append(steps, d.node.step)
	steps = append(steps, d.sameSettings()...)
	steps = append(steps, together(d.proxyChecks(ctx)...)...)
	asking.Wait()
	steps = append(steps, own...)
	steps = append(steps, d.tasks(ctx)...)
	return slices.DeleteFunc(steps, func(s host.Step) bool { return s.ID == "" })
}

// together takes all steps at once, and returns them in their order.
func together(checks ...func() []host.Step) []host.Step {
	found := make([][]host.Step, len(checks))
	var group sync.WaitGroup
	for i, check := range checks {
		group.Go(func() { found[i] = check() })
	}
	group.Wait()
	return slices.Concat(found...)
}

// faultMessage is the message in Backstage's error body (core.md 3.1).
func faultMessage(body []byte) string {
	var fault struct {
		Error struct{ Message string }
	}
	if json.Unmarshal(body, &fault) != nil {
		return ""
	}
	return oneLine(fault.Error.Message)
}

// faultText is the message of an error that was stored as JSON.
func faultText(text string) string {
	var fault struct{ Message string }
	if json.Unmarshal([]byte(text), &fault) != nil {
		return ""
	}
	return oneLine(fault.Message)
}
