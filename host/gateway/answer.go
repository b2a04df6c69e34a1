package gateway

import (
	"bufio"
	"maps"
	"net"
	"net/http"
	"strings"

	"github.com/understudy-portal/understudy/host/router"
)

// answer takes the peer's header apart from ours, and puts the two together when the answer begins: a peer's answer has the
// peer's security headers, not both sides', and an error of ours has ours.
type answer struct {
	http.ResponseWriter
	caller *router.Caller
	peer   http.Header // the peer's, as the proxy fills it
	status int         // 0 until the answer begins
}

func newAnswer(w http.ResponseWriter, caller *router.Caller) *answer {
	return &answer{ResponseWriter: w, caller: caller, peer: http.Header{}}
}

// Header is the peer's alone.
func (a *answer) Header() http.Header { return a.peer }

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Hijack notes that the answer has begun: an upgrade writes its own header.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffered, err := http.NewResponseController(a.ResponseWriter).Hijack()
	if err == nil {
		a.status = http.StatusSwitchingProtocols
		a.caller.Upgraded(conn)
	}
	return conn, buffered, err
}

// WriteHeader sends the peer's header with what is left of ours. An informational answer goes without ours.
func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	ours := a.ResponseWriter.Header()
	if status >= 100 && status < 200 {
		// net/http sends the header map as it is now, and leaves it for the answer that follows.
		before := ours.Clone()
		clear(ours)
		maps.Copy(ours, a.peer)
		a.ResponseWriter.WriteHeader(status)
		clear(ours)
		maps.Copy(ours, before)
		return
	}
	a.status = status
	a.caller.Answering()
	merge(ours, a.peer)
	if _, typed := a.peer["Content-Type"]; !typed {
		ours["Content-Type"] = nil // or net/http would guess one
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(p)
}

// trailers passes on what the proxy added to the header after the body.
func (a *answer) trailers() {
	ours := a.ResponseWriter.Header()
	for _, list := range a.peer["Trailer"] {
		for name := range strings.SplitSeq(list, ",") {
			name = http.CanonicalHeaderKey(strings.TrimSpace(name))
			if values := a.peer[name]; len(values) > 0 {
				ours[name] = values
			}
		}
	}
	for name, values := range a.peer {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			ours[name] = values
		}
	}
}

const corsPrefix = "Access-Control-"

// merge replaces our header by the peer's. What stays of ours is the request's id, that the connection closes, and the CORS
// headers where the peer wrote none: a browser refuses an answer that has them twice.
func merge(ours, peer http.Header) {
	_, peerCORS := peer["Access-Control-Allow-Origin"]
	_, oursCORS := ours["Access-Control-Allow-Origin"]
	keepCORS := oursCORS && !peerCORS
	for name := range ours {
		switch {
		case name == "X-Request-Id" || name == "Connection":
		case strings.HasPrefix(name, corsPrefix) && keepCORS:
		case name == "Vary" && keepCORS && peer["Vary"] == nil:
		default:
			delete(ours, name)
		}
	}
	for name, values := range peer {
		switch {
		case name == "X-Request-Id":
			ours[name] = values
		case strings.HasPrefix(name, corsPrefix) && keepCORS:
		case name == "Vary" && keepCORS:
			ours[name] = append([]string{"Origin"}, values...)
		default:
			ours[name] = values
		}
	}
}
