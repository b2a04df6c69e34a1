package remote_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/remote"
	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
)

// nodeBody is how much Node reads of a body.
const nodeBody = 100 << 10

// TestByRefsAreAsLongAsTheyAreOnTheWire: no request is longer than a peer takes because of how a ref is written down.
func TestByRefsAreAsLongAsTheyAreOnTheWire(t *testing.T) {
	t.Parallel()
	for _, odd := range []string{"<", "\"", "\x01", "\xff"} {
		p := newPeer(t)
		var refs []string
		for i := range 200 {
			refs = append(refs, fmt.Sprintf("component:default/%d%s", i, strings.Repeat(odd, 1000)))
		}
		if _, err := p.reader().ByRefs(t.Context(), own, refs); err != nil {
			t.Error(err)
		}
		for _, body := range p.bodies {
			if len(body) > nodeBody {
				t.Errorf("%q: a request of %d bytes", odd, len(body))
			}
		}
	}
	p := newPeer(t)
	if _, err := p.reader().ByRefs(t.Context(), own, []string{"component:default/" + strings.Repeat("<", 20<<10)}); err != nil || len(p.bodies[0]) > 21<<10 {
		t.Errorf("%d bytes, %v", len(p.bodies[0]), err)
	}
}

// TestAQuestionThatThePeerRefuses is the asker's trouble: the catalog is not down for it.
func TestAQuestionThatThePeerRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		status int
		name   string
		want   int
		down   bool
	}{
		{400, "InputError", 400, false},
		{413, "PayloadTooLargeError", 413, false},
		{401, "AuthenticationError", 401, false},
		{403, "NotAllowedError", 403, false},
		{500, "TypeError", 503, false},
		{501, "NotImplementedError", 503, false},
		{429, "TooManyRequests", 503, true},
		{502, "BadGateway", 503, true},
		{503, "ServiceUnavailableError", 503, true},
		{504, "GatewayTimeout", 503, true},
		{404, "", 503, true},
		{302, "", 503, true},
	} {
		p := newPeer(t)
		p.before = func(_ int, w http.ResponseWriter, _ *http.Request) bool {
			if tc.name == "" {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(tc.status)
			} else {
				refuse(w, tc.status, tc.name, "no")
			}
			return true
		}
		r := p.reader(func(o *remote.Options) {
			o.Patience = remote.Patience{Refs: 5 * time.Millisecond, Person: 5 * time.Millisecond, Doubt: time.Millisecond, Pause: time.Millisecond}
		})
		_, err := r.ByRefs(t.Context(), auth.UserCredentials("user:default/jane"), []string{"component:default/a"})
		if fault.Status(err) != tc.want || host.CatalogDown(err) != tc.down {
			t.Errorf("%d: for the caller %d, down %v: %v", tc.status, fault.Status(err), host.CatalogDown(err), err)
		}
	}
	p := newPeer(t)
	p.Close()
	if _, err := p.reader().ByRefs(t.Context(), own, []string{"component:default/a"}); fault.Status(err) != 503 || !host.CatalogDown(err) {
		t.Errorf("nobody there: %v", err)
	}
}

// TestAProxyThatTakesLess: where somebody between takes shorter requests than Node, the question is asked in parts.
func TestAProxyThatTakesLess(t *testing.T) {
	t.Parallel()
	p := newPeer(t, "a", "b")
	p.before = func(n int, w http.ResponseWriter, _ *http.Request) bool {
		if len(p.bodies[n-1]) > 100 {
			refuse(w, 413, "PayloadTooLargeError", "request entity too large")
			return true
		}
		return false
	}
	refs := []string{"component:default/a", "component:default/b", "component:default/c", "component:default/d"}
	if found, err := p.reader().ByRefs(t.Context(), own, refs); err != nil || found[0] == nil || found[1] == nil || found[2] != nil {
		t.Errorf("%v, %v", found, err)
	}
}
