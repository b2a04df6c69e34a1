package main

import (
	"crypto/subtle"
	"net/http"

	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/plugins/auth"
)

// proxied signs in whoever the proxy in front says it is. Anybody could send the header with the name: what shows that
// it comes from the proxy is a secret that only the two know.
type proxied struct{ secret string }

// ID is the provider's: the frontend asks /api/auth/proxied/refresh.
func (proxied) ID() string { return "proxied" }

// SignIn reads the headers.
func (p proxied) SignIn(r *http.Request) (auth.Identity, error) {
	given := r.Header.Get("X-Proxy-Secret")
	if p.secret == "" || subtle.ConstantTimeCompare([]byte(given), []byte(p.secret)) != 1 {
		return auth.Identity{}, fault.Authentication("this request does not come from the proxy")
	}
	name := r.Header.Get("X-Forwarded-User")
	if name == "" {
		return auth.Identity{}, fault.Authentication("the proxy names no user")
	}
	return auth.Identity{UserRef: name, Profile: auth.Profile{DisplayName: name}}, nil
}

var _ auth.Provider = proxied{}
