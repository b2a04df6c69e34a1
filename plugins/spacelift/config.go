package spacelift

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/config"
)

// section is the key of the configuration that turns the plugin on.
const section = "spacelift"

// Config is the section spacelift. The first four keys are the official plugin's (spacelift.md 1).
type Config struct {
	// HostURL is the account: its name, its host, or its address. Only needed where APIURL is not given.
	HostURL string `config:"hostUrl"`
	// APIURL is the whole address of the GraphQL API, where that is not the account's.
	APIURL string `config:"apiUrl"`
	// WebURL is where links to stacks and runs lead; empty means the account's host.
	WebURL string `config:"webUrl"`
	// APIKey is the id of the API key.
	APIKey string `config:"apiKey"`
	// APISecret is its secret. Either it or APISecretFile is needed.
	APISecret config.Secret `config:"apiSecret"`
	// APISecretFile is read at each exchange, for keys whose secrets rotate.
	APISecretFile string `config:"apiSecretFile"`
	// ReadOnly refuses all triggers.
	ReadOnly bool   `config:"readOnly"`
	Sync     Sync   `config:"sync"`
	Limits   Limits `config:"limits"`

	// What normalise makes of the addresses.
	endpoint, web *url.URL
	account       string
}

// Sync says how often Spacelift is read.
type Sync struct {
	// Interval is the time between two reads of all stacks.
	Interval config.Duration `config:"interval"`
	// ActiveInterval is how often stacks are read that move, IdleInterval how often is looked for such while there are none.
	ActiveInterval config.Duration `config:"activeInterval"`
	IdleInterval   config.Duration `config:"idleInterval"`
}

// Limits bound what the account sees of us (spacelift.md 5.3).
type Limits struct {
	RequestsPerSecond float64 `config:"requestsPerSecond"`
	Burst             int     `config:"burst"`
	// Concurrency is how many requests are under way at once.
	Concurrency int `config:"concurrency"`
}

// LoadConfig reads the section spacelift.
func LoadConfig(c *config.Config) (Config, error) {
	cfg := Config{
		Sync: Sync{
			Interval: config.Duration(10 * time.Minute), ActiveInterval: config.Duration(5 * time.Second), IdleInterval: config.Duration(30 * time.Second),
		},
		Limits: Limits{RequestsPerSecond: 5, Burst: 10, Concurrency: 4},
	}
	found := config.AsProblems(c.Decode(section, &cfg, config.Strict))
	if has(found, section) {
		return cfg, found.Err() // it is no mapping
	}
	// What the types cannot tell is checked even if some of them are wrong, so that every mistake shows at once.
	for _, p := range cfg.check(c.Section(section)) {
		if !has(found, p.Path) {
			found = append(found, p)
		}
	}
	return cfg, found.Sorted().Err()
}

func has(list config.Problems, path string) bool {
	return slices.ContainsFunc(list, func(p config.Problem) bool { return p.Path == path })
}

// check finds what the types cannot, and makes sense of the addresses.
func (c *Config) check(at *config.Config) config.Problems {
	var found config.Problems
	add := func(path, hint, format string, args ...any) {
		found = append(found, at.Errorf(path, hint, format, args...))
	}
	absent := func(path, hint string) { found = append(found, at.Absent(path, hint)) }

	const keyHint = "put the id of your API key there"
	switch {
	case !at.Has("apiKey"):
		absent("apiKey", keyHint)
	case strings.TrimSpace(c.APIKey) == "":
		add("apiKey", keyHint, "is blank")
	case placeholder(c.APIKey):
		add("apiKey", keyHint, "is a placeholder")
	}
	c.secrets(at, add, absent)
	c.addresses(add, absent)
	c.bounds(add)
	return found
}

// secrets checks that there is one place to have the secret from.
func (c *Config) secrets(at *config.Config, add adder, absent func(path, hint string)) {
	const hint = "put the secret of your API key there, best as ${SPACELIFT_API_SECRET}"
	text, here, file := c.APISecret.Reveal(), at.Has("apiSecret"), at.Has("apiSecretFile")
	switch {
	case !here && !file:
		absent("apiSecret", "or apiSecretFile, for a secret that rotates")
	case here && file:
		add("apiSecretFile", "keep one of them", "is given beside apiSecret")
	case here && strings.TrimSpace(text) == "":
		add("apiSecret", hint, "is blank")
	case here && placeholder(text):
		add("apiSecret", hint, "is a placeholder")
	case file:
		if _, err := c.readSecret(); err != nil {
			named, _ := errors.AsType[*fs.PathError](err)
			add("apiSecretFile", "the secret is read from it at each exchange", "cannot be read: %v", named)
		}
	}
}

// placeholder reports a text that was left as the documentation has it, such as "<API key>".
func placeholder(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "<") && strings.HasSuffix(text, ">")
}

type adder func(path, hint, format string, args ...any)

func (c *Config) addresses(add adder, absent func(path, hint string)) {
	const hostHint = "write the account's host, such as acme.app.spacelift.io"
	switch {
	case c.HostURL == "" && c.APIURL == "":
		absent("hostUrl", hostHint)
	case placeholder(c.HostURL):
		add("hostUrl", hostHint, "is a placeholder")
	case c.HostURL != "":
		host, err := hostOf(c.HostURL)
		if err != nil {
			add("hostUrl", hostHint, "%s", err)
			break
		}
		c.account = host
		c.endpoint = &url.URL{Scheme: "https", Host: host, Path: "/graphql"}
		c.web = &url.URL{Scheme: "https", Host: host}
	}
	if u := address("apiUrl", c.APIURL, "https://acme.app.spacelift.io/graphql", add); u != nil {
		if u.Path == "" {
			u.Path = "/graphql"
		}
		c.endpoint = u
		if c.web == nil {
			c.account, c.web = u.Host, &url.URL{Scheme: u.Scheme, Host: u.Host}
		}
	}
	if u := address("webUrl", c.WebURL, "https://acme.app.spacelift.io", add); u != nil {
		c.web = u
	}
}

// address reads one that may be left out.
func address(path, text, example string, add adder) *url.URL {
	if text == "" {
		return nil
	}
	u, err := addressOf(text)
	if err != nil {
		add(path, "write the whole address, such as "+example, "%s", err)
	}
	return u
}

func (c *Config) bounds(add adder) {
	least := func(path string, d config.Duration, least time.Duration) {
		if d.Std() < least {
			add(path, "", "%s is too short, wanted %s at least", d.Std(), least)
		}
	}
	least("sync.interval", c.Sync.Interval, time.Second)
	least("sync.activeInterval", c.Sync.ActiveInterval, 100*time.Millisecond)
	least("sync.idleInterval", c.Sync.IdleInterval, c.Sync.ActiveInterval.Std())
	if c.Limits.RequestsPerSecond <= 0 || c.Limits.RequestsPerSecond > 1000 {
		add("limits.requestsPerSecond", "the default is 5", "must be more than 0, and 1000 at most")
	}
	if c.Limits.Burst < 1 || c.Limits.Burst > 10_000 {
		add("limits.burst", "the default is 10", "must be 1 at least, and 10000 at most")
	}
	if c.Limits.Concurrency < 1 || c.Limits.Concurrency > 100 {
		add("limits.concurrency", "the default is 4", "must be 1 at least, and 100 at most")
	}
}

var (
	hostName    = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?)*$`)
	accountName = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$`)
)

// hostOf makes host, or host:port, of whatever people write for an account (spacelift.md 5.1): its name, its host, its
// address with or without what follows the host.
func hostOf(text string) (string, error) {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "@") {
		// First of all: the other errors repeat the text.
		return "", errors.New("holds credentials; they belong in apiKey and apiSecret")
	}
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		switch strings.ToLower(scheme) {
		case "https":
		case "http":
			return "", fmt.Errorf("%q is not encrypted; hostUrl is always reached by https, and apiUrl may be http", text)
		default:
			return "", fmt.Errorf("%q has the scheme %q", text, scheme)
		}
		text = rest
	}
	text = strings.Trim(text, "/")
	if rest, ok := cutSuffixFold(text, "/graphql"); ok {
		text = strings.TrimRight(rest, "/")
	}
	host, port := text, ""
	if h, p, err := net.SplitHostPort(text); err == nil {
		host, port = h, p
	}
	switch {
	case strings.ContainsAny(text, "/?#"):
		return "", fmt.Errorf("%q has more than a host", text)
	case net.ParseIP(host) == nil && !hostName.MatchString(host):
		return "", fmt.Errorf("%q is no host", text)
	case port == "" && accountName.MatchString(host) && host != "localhost":
		return strings.ToLower(host) + ".app.spacelift.io", nil
	case port == "":
		return strings.ToLower(host), nil
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", fmt.Errorf("%q is no port", port)
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}

func cutSuffixFold(text, suffix string) (string, bool) {
	if len(text) < len(suffix) || !strings.EqualFold(text[len(text)-len(suffix):], suffix) {
		return text, false
	}
	return text[:len(text)-len(suffix)], true
}

// addressOf reads a whole address, and takes the slashes off its end.
func addressOf(text string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return nil, errors.New("is no address") // the parser's error repeats what may hold credentials
	case u.User != nil:
		return nil, errors.New("holds credentials; they belong in apiKey and apiSecret")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return nil, fmt.Errorf("%q has no scheme http or https and host", text)
	case u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("%q has a query or a fragment", text)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// readSecret returns what to exchange: the configured secret, or what is in the file now.
func (c *Config) readSecret() (config.Secret, error) {
	if c.APISecretFile == "" {
		return c.APISecret, nil
	}
	text, err := os.ReadFile(c.APISecretFile)
	if err != nil {
		return config.Secret{}, fmt.Errorf("spacelift.apiSecretFile: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		// An error of the file system's, because these name the path and nothing else.
		return config.Secret{}, fmt.Errorf("spacelift.apiSecretFile: %w", &fs.PathError{Op: "read", Path: c.APISecretFile, Err: errEmpty})
	}
	return config.NewSecret(secret), nil
}

var errEmpty = errors.New("the file is empty")
