package proxy

import (
	"math"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/router"
)

const targetHint = "write a URL such as https://api.example.com/base"

// endpoint reads one entry; nil when it is of no use.
func (l *loader) endpoint(route string, c *config.Config) *endpoint {
	e := &endpoint{route: l.route(route, c), credentials: credentialsRequire, silence: defaultSilence}
	e.plain = e.route
	if text, certain := plain(e.route); certain {
		e.plain = text
	}
	if text, short := c.Value("").(string); short {
		l.target(e, c, "", text)
		e.rewrites = []rewrite{defaultRewrite(e.route)}
		e.allow(nil)
		return e
	}
	if !isObject(c, "") {
		l.wrong(c, "", targetHint+", or an object with target", "a URL or an object is wanted here")
		return nil
	}
	text, err := c.String("target")
	switch {
	case err != nil && !c.Has("target"):
		l.add(c.Absent("target", targetHint))
	case err != nil:
		l.wrong(c, "target", targetHint, "a text is wanted here")
	default:
		l.target(e, c, "target", text)
	}
	l.rewrites(e, c)
	l.credentials(e, c)
	l.headers(e, c)
	l.methods(e, c)
	allowed := l.allowedHeaders(e, c)
	l.connection(e, c)
	l.answers(e, c)
	l.others(c)
	e.allow(allowed)
	return e
}

// route is the path with its slash in front and none at the end.
func (l *loader) route(route string, c *config.Config) string {
	if !strings.HasPrefix(route, "/") {
		route = "/" + route
		l.warn(c, "", "write '"+route+"'", "does not begin with a slash, and is served as '%s' all the same", route)
	}
	if strings.ContainsAny(route, ":*?+()[]{}") {
		l.wrong(c, "", "write the path out; everything below it is passed on anyway", "patterns are not supported in an endpoint's path")
	}
	if route = strings.TrimRight(route, "/"); route == "" {
		return "/"
	}
	return route
}

// target reads the URL. Its text may hold a password, so that no message repeats it.
func (l *loader) target(e *endpoint, c *config.Config, key, text string) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		l.wrong(c, key, targetHint, "is not a URL")
		return
	case u.Scheme == "ws" || u.Scheme == "wss":
		u.Scheme = "http" + strings.TrimPrefix(u.Scheme, "ws")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		l.wrong(c, key, targetHint, "is not a URL with http or https and a host")
		return
	}
	if u.User != nil {
		password, _ := u.User.Password()
		e.user, e.password = u.User.Username(), config.NewSecret(password)
		u.User = nil
	}
	u.Fragment, u.RawFragment = "", ""
	if router.Climbs(u.EscapedPath()) {
		l.wrong(c, key, "write the path that is meant", "has '..' in its path")
		return
	}
	e.target = u
}

// rewrites reads pathRewrite: expressions and what takes their place. An empty object is none at all, and the target sees
// the whole original path.
func (l *loader) rewrites(e *endpoint, c *config.Config) {
	if !c.Has("pathRewrite") {
		e.rewrites = []rewrite{defaultRewrite(e.route)}
		return
	}
	const hint = "write expressions and what takes their place, such as '^/api/proxy/github/': '/'"
	if !isObject(c, "pathRewrite") {
		l.wrong(c, "pathRewrite", hint, "an object is wanted here")
		return
	}
	for _, pattern := range c.Keys("pathRewrite") {
		rule := c.Section("pathRewrite", pattern)
		replacement, ok := rule.Value("").(string)
		if !ok {
			l.wrong(rule, "", "put it in quotes; '' takes away what the expression fits", "a text is wanted here")
			continue
		}
		compiled, err := compileJS(pattern)
		if err != nil {
			l.wrong(rule, "", "", "%s", err)
			continue
		}
		e.rewrites = append(e.rewrites, rewrite{compiled, replacement})
	}
}

func (l *loader) credentials(e *endpoint, c *config.Config) {
	if !c.Has("credentials") {
		return
	}
	e.credentials = l.text(c, "credentials", "write require")
	switch e.credentials {
	case "", credentialsRequire, credentialsForward, credentialsOpen:
	default:
		// Upstream's words.
		l.wrong(c, "credentials", "", "Unknown credentials policy '%s' for proxy route '%s'; expected one of 'require', 'forward', "+
			"'dangerously-allow-unauthenticated'", e.credentials, e.route)
	}
}

// headers reads those that are set on each request. Their values may be secret, so that no message repeats them.
func (l *loader) headers(e *endpoint, c *config.Config) {
	if !c.Has("headers") {
		return
	}
	if !isObject(c, "headers") {
		l.wrong(c, "headers", "write names and values, such as Authorization: Bearer ${TOKEN}", "an object is wanted here")
		return
	}
	for _, name := range c.Keys("headers") {
		at := c.Section("headers", name)
		values, ok := headerValues(at.Value(""))
		switch {
		case !token(name):
			l.wrong(at, "", "a name consists of letters, digits and -", "is not the name of a header")
		case !ok:
			l.wrong(at, "", "write a text without line ends", "is not the value of a header")
		case hopByHop[http.CanonicalHeaderKey(name)]:
			l.warn(at, "", "leave it out", "is not sent: it belongs to the connection, which the proxy sees to")
		default:
			e.headers = append(e.headers, header{http.CanonicalHeaderKey(name), values})
		}
	}
}

// methods reads allowedMethods, in any letter case.
func (l *loader) methods(e *endpoint, c *config.Config) {
	for i, method := range l.texts(c, "allowedMethods", "write a list such as [GET, POST]") {
		if !token(method) {
			l.wrong(c.Elements("allowedMethods")[i], "", "write a list such as [GET, POST]", "is not a method")
		}
		e.methods = append(e.methods, strings.ToUpper(method))
	}
	if c.Has("allowedMethods") && len(e.methods) == 0 && len(l.problems.Errors()) == 0 {
		l.warn(c, "allowedMethods", "leave the key out to allow all", "is empty, so that every request gets 404")
		e.methods = []string{""}
	}
}

func (l *loader) allowedHeaders(e *endpoint, c *config.Config) []string {
	names := l.texts(c, "allowedHeaders", "write a list of names such as [X-Request-Id]")
	set := nameSet(names)
	for i, name := range names {
		if !token(name) {
			l.wrong(c.Elements("allowedHeaders")[i], "", "a name consists of letters, digits and -", "is not the name of a header")
		}
	}
	if set["Authorization"] && e.credentials != credentialsForward && !e.sets("Authorization") {
		l.warn(c, "allowedHeaders", "if that is meant, write credentials: forward", "the caller's Backstage token is passed on to the target")
	}
	if set["Accept-Encoding"] && !set["Content-Encoding"] {
		l.warn(c, "allowedHeaders", "allow content-encoding too", "accept-encoding is allowed and content-encoding is not: callers cannot tell what is compressed")
	}
	return names
}

func (e *endpoint) sets(name string) bool {
	for _, h := range e.headers {
		if h.name == name {
			return true
		}
	}
	return false
}

// allow makes the two lists (core.md 10).
func (e *endpoint) allow(allowed []string) {
	e.responseHeaders = nameSet(safeHeaders, allowed)
	e.requestHeaders = nameSet(safeHeaders, allowed)
	for _, h := range e.headers {
		e.requestHeaders[h.name] = true
	}
	if e.credentials == credentialsForward {
		e.requestHeaders["Authorization"] = true
	}
}

// connection reads how the target is reached.
func (l *loader) connection(e *endpoint, c *config.Config) {
	e.keepHost = !l.boolean(c, "changeOrigin", true)
	e.websocket = l.boolean(c, "ws", false)
	e.forwarded = l.boolean(c, "xfwd", false)
	e.followRedirects = l.boolean(c, "followRedirects", false)
	e.ignorePath = l.boolean(c, "ignorePath", false)
	e.noBase = !l.boolean(c, "prependPath", true)
	if e.insecure = !l.boolean(c, "secure", true); e.insecure && e.target != nil && e.target.Scheme == "https" {
		l.warn(c, "secure", "anybody on the way can read and change what passes", "the target's certificate is not checked")
	}
	if text := l.text(c, "auth", "write user:password"); text != "" {
		user, password, found := strings.Cut(text, ":")
		if !found || user == "" {
			l.wrong(c, "auth", "write user:password", "is not a user and a password")
		}
		e.user, e.password = user, config.NewSecret(password)
	}
	for _, key := range []string{"proxyTimeout", "timeout"} {
		if limit := l.millis(c, key); limit > 0 && (e.silence == defaultSilence || limit < e.silence) {
			e.silence = limit
		}
	}
}

// millis reads an optional number of milliseconds; 0 is none.
func (l *loader) millis(c *config.Config, key string) time.Duration {
	ms, ok, err := c.OptionalNumber(key)
	if err != nil || ok && (ms < 0 || ms > math.MaxInt32) {
		l.wrong(c, key, "write a number of milliseconds, such as 30000", "is not a number of milliseconds")
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// answers reads how answers are changed.
func (l *loader) answers(e *endpoint, c *config.Config) {
	e.locations = locationRewrite{
		host: l.text(c, "hostRewrite", "write a host"), scheme: l.text(c, "protocolRewrite", "write http or https"), auto: l.boolean(c, "autoRewrite", false),
	}
	e.cookieDomains = l.attributes(c, "cookieDomainRewrite", "domain")
	e.cookiePaths = l.attributes(c, "cookiePathRewrite", "path")
}

// attributes reads one text for all values, or an object with one for each.
func (l *loader) attributes(c *config.Config, key, name string) attributeRewrite {
	a := attributeRewrite{name: name}
	switch v := c.Value(key).(type) {
	case nil:
		return a
	case bool:
		if !v {
			return a
		}
	case string:
		a.values = map[string]string{"*": v}
		return a
	}
	if !isObject(c, key) {
		l.wrong(c, key, "write one text for all, or an object such as {'*': ''}", "a text or an object is wanted here")
		return a
	}
	a.values = map[string]string{}
	for _, from := range c.Keys(key) {
		to, ok := c.Section(key, from).Value("").(string)
		if !ok {
			l.wrong(c.Section(key, from), "", "put it in quotes", "a text is wanted here")
		}
		a.values[from] = to
	}
	return a
}
