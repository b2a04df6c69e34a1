package rely

import (
	"net"
	"net/url"
	"regexp"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host/config"
)

// proxyPrefix is what paths begin with when an entry's pathRewrite sees them.
const proxyPrefix = "/api/proxy/rely"

// proxyEntry is what the proxy's entry says of Rely. It is used as configuration: no request takes the way through a
// proxy, which would drop Content-Encoding and Retry-After (export.md 1.3).
type proxyEntry struct {
	target   string
	headers  map[string]config.Secret
	rewrites []rely.Rewrite
	insecure bool
}

// proxy finds the entry: below proxy.endpoints, or, where there is none of these, at the root as Rely's page has it.
func (l *loader) proxy() proxyEntry {
	endpoints, root := l.c.Section("proxy", "endpoints"), l.c.Section("proxy")
	entry := named(endpoints)
	old := named(root)
	switch {
	case l.c.Has("proxy.endpoints") && old != nil:
		l.warn(old, "", "remove it, or move it there", "is ignored, as Backstage does, because proxy.endpoints exists")
	case entry == nil:
		entry = old
	}
	if entry == nil {
		l.wrong("proxy.endpoints./rely", "add proxy.endpoints./rely with target https://magneto.rely.io and headers.Authorization 'Bearer ${RELY_TOKEN}'", "is required where the section rely is present")
		return proxyEntry{}
	}
	return l.entry(entry)
}

// named is the entry for Rely among others, or nil.
func named(entries *config.Config) *config.Config {
	for _, key := range []string{"/rely", "rely"} {
		if e := entries.Section(key); e.Has("") {
			return e
		}
	}
	return nil
}

func (l *loader) entry(c *config.Config) proxyEntry {
	e := proxyEntry{headers: map[string]config.Secret{}}
	at := "target"
	if _, short := c.Value("").(string); short {
		at = ""
	}
	target, err := c.String(at)
	switch {
	case err != nil && !c.Has(at):
		l.add(c.Errorf(at, "write https://magneto.rely.io", "is required"))
	case err != nil:
		l.add(c.Errorf(at, "write https://magneto.rely.io", "a text is wanted here"))
	default:
		e.target = l.target(c, at, target)
	}
	if at == "" {
		l.add(c.Errorf("", "write target and headers below it", "has no headers, so there is no key"))
		return e
	}
	l.headers(c, &e)
	if _, fits := c.Value("pathRewrite").(*entity.Object); c.Has("pathRewrite") && !fits {
		l.add(c.Errorf("pathRewrite", "write expressions and what takes their place, such as {'^/api/proxy/rely': /}", "an object is wanted here"))
	}
	for _, pattern := range c.Keys("pathRewrite") {
		l.rewrite(c.Section("pathRewrite", pattern), pattern, &e)
	}
	secure, ok, err := c.OptionalBool("secure")
	if err != nil {
		l.add(c.Errorf("secure", "write true or false", "cannot be read as a boolean"))
	}
	e.insecure = err == nil && ok && !secure
	if e.insecure && strings.HasPrefix(e.target, "https:") {
		l.warn(c, "secure", "anybody on the way can read the key", "the target's certificate is not checked")
	}
	return e
}

func (l *loader) target(c *config.Config, at, text string) string {
	const hint = "write https://magneto.rely.io"
	if placeholder(text) {
		l.add(c.Errorf(at, hint, "is a placeholder"))
		return ""
	}
	u, err := rely.ParseTarget(text)
	if err != nil {
		l.add(c.Errorf(at, hint, "%s", err))
		return ""
	}
	// Paths of the API bring it themselves. A suffix is cut, never characters (export.md 2.1).
	u.Path = strings.TrimSuffix(u.Path, "/api/v1")
	if u.Scheme == "http" && !loopback(u) {
		l.warn(c, at, "use https", "the key travels without encryption")
	}
	return u.String()
}

func loopback(u *url.URL) bool {
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

const tokenHint = "create a token at https://webapp.rely.io/settings and write Authorization: Bearer ${RELY_TOKEN}"

func (l *loader) headers(c *config.Config, e *proxyEntry) {
	authorized := false
	for _, name := range c.Keys("headers") {
		h := c.Section("headers", name)
		value, err := h.Secret("")
		if err != nil {
			l.add(err)
			continue
		}
		text := strings.TrimSpace(value.Reveal())
		isKey := strings.EqualFold(name, "Authorization")
		authorized = authorized || isKey
		switch {
		case placeholder(text) && !isKey:
			l.add(h.Errorf("", "write the value that "+name+" is to have, or remove the header if nothing asks for it", "still holds a placeholder"))
		case placeholder(text):
			l.add(h.Errorf("", tokenHint, "still holds the placeholder of the documentation"))
		case strings.ContainsAny(text, "\r\n"):
			l.add(h.Errorf("", "", "has a line end in it"))
		case isKey && (strings.EqualFold(text, "bearer") || text == ""):
			l.add(h.Errorf("", tokenHint, "has no token"))
		}
		e.headers[name] = config.NewSecret(text)
	}
	if authorized || l.failed(c.Path()+".headers") {
		return
	}
	// Decode knows why a key is missing, such as a variable that is not set.
	var required struct {
		Authorization config.Secret `config:"Authorization,required"`
	}
	for _, p := range config.AsProblems(c.Section("headers").Decode("", &required, config.Lenient)).Errors() {
		if p.Hint == "" {
			p.Hint = tokenHint
		}
		l.add(p)
	}
}

var brackets = regexp.MustCompile(`<[^<>]*>`)

// placeholder reports a text that was left as a page has it, such as "Bearer <token>".
func placeholder(text string) bool { return brackets.MatchString(text) }

var group = regexp.MustCompile(`\$(\d)`)

// rewrite reads one entry of pathRewrite: a regular expression and what takes its place.
func (l *loader) rewrite(c *config.Config, pattern string, e *proxyEntry) {
	replacement, ok := c.Value("").(string)
	if !ok {
		l.add(c.Errorf("", "", "a text is wanted here"))
		return
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		l.add(c.Errorf("", "", "the expression is not supported: %s", err))
		return
	}
	e.rewrites = append(e.rewrites, rely.Rewrite{Pattern: compiled, Replacement: group.ReplaceAllString(replacement, "$${$1}")})
}
