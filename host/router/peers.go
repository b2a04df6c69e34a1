package router

import (
	"net/http"

	"github.com/understudy-portal/understudy/host/fault"
)

// Peers passes requests on to other backends. Both methods report false, having touched nothing, for what no other backend
// is known to serve. Their errors are written as those of handlers are.
type Peers interface {
	// Plugin takes a request below /api/<id>, of a plugin that has no routes here. The id has the form of one, in the
	// letter case of the request.
	Plugin(w http.ResponseWriter, r *http.Request, id string) (bool, error)
	// Root takes a request outside of /api that neither health nor a root handler takes.
	Root(w http.ResponseWriter, r *http.Request) (bool, error)
}

// PassOn gives what this process does not serve to p: below /api in place of the empty 404, elsewhere in place of the
// fallback. No gate of ours is asked, for the one who serves a request knows whom to let in. Answers pass as they are:
// neither compressed here nor changed otherwise.
func (rt *Router) PassOn(p Peers) { rt.peers = p }

// passOn serves a request below /api that has no routes here.
func (x *exchange) passOn(r *http.Request, id string) {
	if x.router.peers == nil || !validID(id) {
		notFound(&x.res)
		return
	}
	taken, err := x.toPeer(func(w http.ResponseWriter) (bool, error) { return x.router.peers.Plugin(w, r, id) })
	if err != nil {
		x.fail(r, err)
	} else if !taken {
		notFound(&x.res)
	}
}

// passOnRoot serves a request outside of /api, if a peer is there for it.
func (x *exchange) passOnRoot(r *http.Request) bool {
	if x.router.peers == nil {
		return false
	}
	taken, err := x.toPeer(func(w http.ResponseWriter) (bool, error) { return x.router.peers.Root(w, r) })
	if err != nil {
		x.fail(r, err)
		return true
	}
	return taken
}

func (x *exchange) toPeer(serve func(w http.ResponseWriter) (bool, error)) (bool, error) {
	if x.router.life.refusing.Load() {
		return true, fault.Unavailable("Service is shutting down")
	}
	x.res.verbatim = true
	taken, err := serve(&x.res)
	if !taken || err != nil {
		x.res.verbatim = false
	}
	return taken, err
}
