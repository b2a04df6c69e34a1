package router

import (
	"crypto/tls"
	"fmt"
	"math"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// LoadConfig reads backend.* (core.md 2.1). The error is a config.Problems with all mistakes.
func LoadConfig(c *config.Config) (Config, error) {
	l := &loader{c: c}
	cfg := Config{
		BaseURL:              l.baseURL(),
		Listen:               l.listen(),
		CORS:                 l.cors(),
		Referrer:             l.referrer(),
		TrustProxy:           l.trustProxy(),
		HealthHeaders:        l.healthHeaders(),
		HeadersTimeout:       l.timeout("backend.server.headersTimeout", c.OptionalMillis),
		RequestTimeout:       l.timeout("backend.server.requestTimeout", c.OptionalMillis),
		KeepAliveTimeout:     l.timeout("backend.server.keepAliveTimeout", c.OptionalMillis),
		Timeout:              l.timeout("backend.server.timeout", c.OptionalMillis),
		MaxHeaders:           l.count("backend.server.maxHeadersCount"),
		MaxRequestsPerSocket: l.count("backend.server.maxRequestsPerSocket"),
		StartupPause:         l.timeout("backend.lifecycle.startupRequestPauseTimeout", c.OptionalDuration),
		ShutdownDelay:        l.timeout("backend.lifecycle.serverShutdownDelay", c.OptionalDuration),
	}
	cfg.TLS = l.tls(cfg.BaseURL)
	cfg.CSP, cfg.UpgradeAsked = l.csp()
	return cfg, l.problems.Err()
}

// loader gathers all mistakes of the section, so that they are told at once.
type loader struct {
	c        *config.Config
	problems config.Problems
}

func (l *loader) fail(err error) { l.problems = append(l.problems, config.AsProblems(err)...) }

func (l *loader) failf(path, hint, format string, args ...any) {
	l.fail(l.c.Errorf(path, hint, format, args...))
}

// read asks one of the optional getters; an absent key and a mistake leave the zero value.
func read[T any](l *loader, path string, get func(string) (T, bool, error)) T {
	value, _, err := get(path)
	if err != nil {
		l.fail(err)
	}
	return value
}

// timeout tells a 0, which is no bound, from an absent key.
func (l *loader) timeout(path string, get func(string) (config.Duration, bool, error)) time.Duration {
	d, ok, err := get(path)
	if err != nil {
		l.fail(err)
	}
	if ok && d == 0 {
		return -1
	}
	return d.Std()
}

func (l *loader) baseURL() string {
	const key = "backend.baseUrl"
	text, err := l.c.String(key)
	if err != nil {
		l.fail(err)
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		l.failf(key, "write it as browsers see it, such as http://localhost:7007", "%q is not an http or https URL", text)
	}
	return strings.TrimRight(text, "/")
}

func (l *loader) listen() string {
	const key = "backend.listen"
	switch v := l.c.Value(key).(type) {
	case nil:
		return ""
	case string, float64:
		address, err := ParseListen(scalarText(v))
		if err != nil {
			l.failf(key, "", "%s", err)
		}
		return address
	case *entity.Object:
		return l.listenParts(v)
	default:
		l.failf(key, "", "Unable to parse listen address %v, expected <port> or <host>:<port>", v)
		return ""
	}
}

// listenParts reads the form with host and port apart.
func (l *loader) listenParts(o *entity.Object) string {
	host := read(l, "backend.listen.host", l.c.OptionalString)
	port := strconv.Itoa(DefaultPort)
	if v, ok := o.Get("port"); ok && v != nil {
		number, err := parsePort(scalarText(v))
		if err != nil {
			l.failf("backend.listen.port", "", "%q is no port", scalarText(v))
		}
		port = number
	}
	if !validHost(strings.ReplaceAll(host, ":", "")) {
		l.failf("backend.listen.host", "", "%q is no host", host)
	}
	return net.JoinHostPort(host, port)
}

func scalarText(v any) string {
	if f, ok := v.(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

func (l *loader) tls(baseURL string) TLS {
	const key = "backend.https"
	switch l.c.Value(key).(type) {
	case nil:
		return TLS{}
	case *entity.Object:
		return l.certificate()
	default:
		if !read(l, key, l.c.OptionalBool) {
			return TLS{}
		}
		t := TLS{SelfSigned: true}
		if u, err := url.Parse(baseURL); err == nil && u.Hostname() != "" && u.Hostname() != "localhost" {
			t.Hosts = []string{u.Hostname()}
		}
		return t
	}
}

func (l *loader) certificate() TLS {
	const key = "backend.https.certificate"
	cert, err := l.c.String(key + ".cert")
	if err != nil {
		l.fail(err)
	}
	secret, keyErr := l.c.Secret(key + ".key")
	if keyErr != nil {
		l.fail(keyErr)
	}
	if err != nil || keyErr != nil {
		return TLS{}
	}
	pair, err := tls.X509KeyPair([]byte(cert), []byte(secret.Reveal()))
	if err != nil {
		l.failf(key, "cert and key are PEM texts; use $file to read them from files", "the pair cannot be used: %s", err)
		return TLS{}
	}
	return TLS{Certificate: &pair}
}

// csp applies the configured directives to the defaults (core.md 2.4).
func (l *loader) csp() (csp []Directive, upgradeAsked bool) {
	const key = "backend.csp"
	csp = DefaultCSP()
	section := l.section(key)
	if section == nil {
		return csp, false
	}
	for _, name := range section.Keys("") {
		path := key + "." + name
		directive := Directive{Name: kebab(name)}
		if v := section.Section(name).Value(""); v == false {
			csp = withoutDirective(csp, directive.Name)
			continue
		}
		values, ok := texts(section.Section(name).Value(""))
		if !ok || strings.ContainsAny(strings.Join(values, ""), ";,\r\n") {
			l.failf(path, "", "must be false or a list of sources without ';' and ','")
			continue
		}
		directive.Values = values
		upgradeAsked = upgradeAsked || directive.Name == upgradeInsecure
		csp = withDirective(csp, directive)
	}
	return csp, upgradeAsked
}

func withDirective(csp []Directive, d Directive) []Directive {
	for i := range csp {
		if csp[i].Name == d.Name {
			csp[i] = d
			return csp
		}
	}
	return append(csp, d)
}

func withoutDirective(csp []Directive, name string) []Directive {
	out := csp[:0]
	for _, d := range csp {
		if d.Name != name {
			out = append(out, d)
		}
	}
	return out
}

// kebab turns "scriptSrcAttr" into "script-src-attr".
func kebab(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case c >= 'A' && c <= 'Z':
			if i > 0 && name[i-1] != '-' && name[i-1] != '_' && (name[i-1] < 'A' || name[i-1] > 'Z') {
				b.WriteByte('-')
			}
			b.WriteByte(lowerByte(c))
		case c == '_' || c == ' ':
			b.WriteByte('-')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

var referrerPolicies = []string{
	"no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin",
	"strict-origin-when-cross-origin", "unsafe-url", "",
}

func (l *loader) referrer() []string {
	const key = "backend.referrer.policy"
	policies := l.list(key)
	for _, policy := range policies {
		if !slices.Contains(referrerPolicies, policy) {
			l.failf(key, "one of "+strings.Join(referrerPolicies[:8], ", "), "%q is no referrer policy", policy)
		}
	}
	return policies
}

func (l *loader) cors() *CORS {
	const key = "backend.cors"
	if l.section(key) == nil {
		return nil
	}
	c := &CORS{
		Origins:           l.list(key + ".origin"),
		Methods:           l.list(key + ".methods"),
		AllowedHeaders:    l.list(key + ".allowedHeaders"),
		ExposedHeaders:    l.list(key + ".exposedHeaders"),
		Credentials:       read(l, key+".credentials", l.c.OptionalBool),
		PreflightContinue: read(l, key+".preflightContinue", l.c.OptionalBool),
		OptionsStatus:     l.count(key + ".optionsSuccessStatus"),
	}
	if age, ok, err := l.c.OptionalNumber(key + ".maxAge"); err != nil {
		l.fail(err)
	} else if ok {
		c.MaxAge = &age
	}
	if c.OptionsStatus != 0 && (c.OptionsStatus < 200 || c.OptionsStatus > 599) {
		l.failf(key+".optionsSuccessStatus", "", "%d is no status of an answer", c.OptionsStatus)
	}
	for _, origin := range c.Origins {
		if !doublestar.ValidatePattern(foldGlob(origin)) {
			l.failf(key+".origin", "", "%q is no pattern", origin)
		}
	}
	return c
}

func (l *loader) trustProxy() TrustProxy {
	const key = "backend.trustProxy"
	switch v := l.c.Value(key).(type) {
	case nil:
		return TrustProxy{}
	case bool:
		if v {
			return TrustAll()
		}
		return TrustProxy{}
	case float64:
		if v < 0 || v != math.Trunc(v) || v > 1000 {
			l.failf(key, "", "%v is no number of proxies", v)
		}
		return TrustHops(int(v))
	case string:
		return l.trusted(strings.Split(v, ","))
	default:
		list, ok := texts(v)
		if !ok {
			l.failf(key, "", "must be true, false, a number of proxies, or addresses")
		}
		return l.trusted(list)
	}
}

func (l *loader) trusted(list []string) TrustProxy {
	t, err := ParseTrustProxy(list)
	if err != nil {
		l.failf("backend.trustProxy", "addresses, subnets, loopback, linklocal or uniquelocal", "%s", err)
	}
	return t
}

func (l *loader) healthHeaders() map[string]string {
	const key = "backend.health.headers"
	section := l.section(key)
	if section == nil {
		return nil
	}
	headers := map[string]string{}
	for _, name := range section.Keys("") {
		value, ok := section.Section(name).Value("").(string)
		if !ok || strings.ContainsAny(value, "\r\n") || !validHeaderName(name) {
			l.failf(key+"."+name, "", "must be a text that is fit for a header")
			continue
		}
		headers[name] = value
	}
	return headers
}

func validHeaderName(name string) bool {
	for i := range len(name) {
		c := lowerByte(name[i])
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return name != ""
}

// section is the mapping at path; nil when there is none.
func (l *loader) section(path string) *config.Config {
	section, err := l.c.OptionalSub(path)
	if err != nil {
		l.fail(err)
	}
	return section
}

// list reads one text or several; nil when there is nothing.
func (l *loader) list(path string) []string {
	if !l.c.Has(path) {
		return nil
	}
	if text, ok := l.c.Value(path).(string); ok && text != "" {
		return []string{text}
	}
	return append([]string{}, read(l, path, l.c.OptionalStrings)...)
}

func (l *loader) count(path string) int {
	n := read(l, path, l.c.OptionalNumber)
	if n < 0 || n != math.Trunc(n) || n > math.MaxInt32 {
		l.failf(path, "", "%v is no count", n)
		return 0
	}
	return int(n)
}

func texts(v any) ([]string, bool) {
	list, ok := v.([]any)
	if !ok {
		return nil, false
	}
	out := make([]string, len(list))
	for i, item := range list {
		if out[i], ok = item.(string); !ok {
			return nil, false
		}
	}
	return out, true
}
