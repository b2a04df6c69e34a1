package proxy

import (
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
)

// safeHeaders pass both ways (core.md 10).
var safeHeaders = []string{
	"Cache-Control", "Content-Language", "Content-Length", "Content-Type", "Expires", "Last-Modified", "Pragma", "Host", "Accept",
	"Accept-Language", "User-Agent",
}

// handshake are the headers of a WebSocket's beginning.
var handshake = []string{
	"Connection", "Upgrade", "Origin", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
	"Sec-Websocket-Accept",
}

func nameSet(lists ...[]string) map[string]bool {
	set := map[string]bool{}
	for _, list := range lists {
		for _, name := range list {
			set[http.CanonicalHeaderKey(name)] = true
		}
	}
	return set
}

// keepAllowed takes out of h whatever is on none of the lists.
func keepAllowed(h http.Header, lists ...map[string]bool) {
	maps.DeleteFunc(h, func(name string, _ []string) bool {
		for _, list := range lists {
			if list[name] {
				return false
			}
		}
		return true
	})
}

// wantsWebSocket reports whether the request asks for one, and the endpoint has them.
func (e *endpoint) wantsWebSocket(r *http.Request) bool {
	return e.websocket && r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// setRequestHeaders makes those of the request to the target.
func (e *endpoint) setRequestHeaders(pr *httputil.ProxyRequest) {
	h := pr.Out.Header
	// ReverseProxy has taken these away; they are the configuration's to allow.
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
		if values := pr.In.Header[name]; len(values) > 0 {
			h[name] = values
		}
	}
	if e.wantsWebSocket(pr.In) {
		keepAllowed(h, e.requestHeaders, nameSet(handshake))
	} else {
		keepAllowed(h, e.requestHeaders)
		delete(h, "Upgrade")
		delete(h, "Connection")
	}
	if e.forwarded {
		setForwarded(h, pr.In)
	}
	pr.Out.Host = e.target.Host
	if e.keepHost {
		pr.Out.Host = pr.In.Host
	}
	e.setConfigured(pr.Out)
}

// setConfigured sets what the configuration adds. It is the one place where its secrets are revealed.
func (e *endpoint) setConfigured(out *http.Request) {
	for _, add := range e.headers {
		if add.name == "Host" {
			out.Host = add.values[0].Reveal()
			continue
		}
		values := make([]string, len(add.values))
		for i, v := range add.values {
			values[i] = v.Reveal()
		}
		out.Header[add.name] = values
	}
	if e.user != "" && len(out.Header["Authorization"]) == 0 {
		out.SetBasicAuth(e.user, e.password.Reveal())
	}
}

// setForwarded tells the target who asked, as the option xfwd does. What the caller said of it counts only where the
// configuration allows these headers.
func setForwarded(h http.Header, in *http.Request) {
	ip, _, err := net.SplitHostPort(in.RemoteAddr)
	if err != nil {
		ip = in.RemoteAddr
	}
	proto, port := "http", "80"
	if in.TLS != nil {
		proto, port = "https", "443"
	}
	if _, explicit, err := net.SplitHostPort(in.Host); err == nil && explicit != "" {
		port = explicit
	}
	for name, value := range map[string]string{"X-Forwarded-For": ip, "X-Forwarded-Proto": proto, "X-Forwarded-Port": port} {
		h.Set(name, strings.Join(append(h[name], value), ","))
	}
	if h.Get("X-Forwarded-Host") == "" {
		h.Set("X-Forwarded-Host", in.Host)
	}
}

// setResponseHeaders makes those of the answer to the caller.
func (e *endpoint) setResponseHeaders(res *http.Response, in *http.Request) {
	if res.StatusCode == http.StatusSwitchingProtocols {
		keepAllowed(res.Header, e.responseHeaders, nameSet(handshake))
	} else {
		keepAllowed(res.Header, e.responseHeaders)
		keepAllowed(res.Trailer, e.responseHeaders)
	}
	if at := res.Header.Get("Location"); at != "" {
		res.Header.Set("Location", e.locations.apply(at, res.StatusCode, e.target.Host, in.Host))
	}
	for i, cookie := range res.Header["Set-Cookie"] {
		res.Header["Set-Cookie"][i] = e.cookiePaths.apply(e.cookieDomains.apply(cookie))
	}
}

// locationRewrite is hostRewrite, autoRewrite and protocolRewrite.
type locationRewrite struct {
	host, scheme string
	auto         bool
}

func (l locationRewrite) apply(location string, status int, target, caller string) string {
	switch status {
	case http.StatusCreated, http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return location
	}
	u, err := url.Parse(location)
	if err != nil || !strings.EqualFold(u.Host, target) || l == (locationRewrite{}) {
		return location
	}
	switch {
	case l.host != "":
		u.Host = l.host
	case l.auto:
		u.Host = caller
	}
	if l.scheme != "" {
		u.Scheme = l.scheme
	}
	return u.String()
}

// attributeRewrite is cookieDomainRewrite or cookiePathRewrite: what takes the place of an attribute's value, by that
// value; "*" is for all others. An empty text takes the attribute away.
type attributeRewrite struct {
	name   string // "domain" or "path"
	values map[string]string
}

func (a attributeRewrite) apply(cookie string) string {
	if len(a.values) == 0 {
		return cookie
	}
	parts := strings.Split(cookie, ";")
	kept := parts[:1]
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		if !strings.EqualFold(name, a.name) {
			kept = append(kept, part)
			continue
		}
		replaced, ok := a.values[value]
		if !ok {
			replaced, ok = a.values["*"]
		}
		switch {
		case !ok:
			kept = append(kept, part)
		case replaced != "":
			kept = append(kept, " "+name+"="+replaced)
		}
	}
	return strings.Join(kept, ";")
}
