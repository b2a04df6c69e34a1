package config

import (
	"encoding/base64"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
)

// secretKey matches the names of keys whose values are secret wherever they stand: tokens, passwords, client and API
// secrets, private keys (core.md 4.7, 4.8, 6.6, 11.1, 14.1, 16.1, and our own spacelift.apiSecret).
var secretKey = regexp.MustCompile(`(?i)(?:tokens?|passwords?|passwd|passphrase|secrets?|private[-_]?key|api[-_]?key|account[-_]?key|secret[-_]?access[-_]?key|connection[-_]?string|\bdsn)$`)

// secretHeader matches, below a key "headers", what the other rule does not know.
var secretHeader = regexp.MustCompile(`(?i)^(?:authorization|proxy-authorization|cookie|.*[-_](?:auth|key|signature)(?:orization)?)$`)

// secretPlaces are full paths whose last key alone says nothing; * is one key or index.
func secretPlaces() []string {
	return []string{
		"backend.https.certificate.key",
		"backend.database.connection.ssl.key",
		"backend.database.plugin.*.connection.ssl.key",
		"proxy.endpoints.*.auth",
		"proxy.*.auth",
	}
}

// Secrets returns every configured secret value, trimmed and longer than one character, for redaction: the values of
// secret keys, what $file read, the variables that were substituted into either, passwords inside connection strings and
// URLs together with the whole, the credentials in an Authorization header, and what was decoded as a Secret. A longer
// value comes before a shorter one that it may contain.
func (c *Config) Secrets() []string {
	found := make(map[string]bool)
	c.node.secrets(c.path, func(text string) {
		if text = strings.TrimSpace(text); len(text) > 1 {
			found[text] = true
		}
	})
	c.shared.mu.Lock()
	for text := range c.shared.secrets {
		if text = strings.TrimSpace(text); len(text) > 1 {
			found[text] = true
		}
	}
	c.shared.mu.Unlock()
	var out []string
	for text := range found {
		out = append(out, text)
	}
	slices.SortFunc(out, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	return out
}

// secrets calls add for each secret text at or below n.
func (n *node) secrets(path string, add func(string)) {
	n.walkSecret(segments(path), false, func(path []string, n *node, secret bool) {
		text, ok := n.text()
		if !ok || spaceliftKeyID(path, text) {
			return
		}
		hidden := partsOf(text, slices.Contains(path, "connection"))
		if !secret && len(hidden) == 0 {
			return
		}
		add(text)
		for _, part := range slices.Concat(hidden, n.inputs) {
			add(part)
		}
		if secret {
			for _, part := range slices.Concat(credentialsOf(text), pemLines(text)) {
				add(part)
			}
		}
	})
}

// text is the scalar as a text; booleans are never secret.
func (n *node) text() (string, bool) {
	switch v := n.value.(type) {
	case string:
		return v, n.kind == scalar
	case float64:
		return entity.NumberString(v), n.kind == scalar
	default:
		return "", false
	}
}

// keyID is the form of the ids of Spacelift's API keys.
var keyID = regexp.MustCompile(`^[0-9A-Z]{26}$`)

// spaceliftKeyID reports the id of an API key where the rules see a secret: who looks for a key that was refused needs to
// know which one it was. Whatever else somebody has put there by mistake is hidden.
func spaceliftKeyID(path []string, text string) bool {
	return slices.Equal(path, []string{"spacelift", "apiKey"}) && keyID.MatchString(strings.TrimSpace(text))
}

// walkSecret visits the scalars at and below n and tells of each whether the place, or the way it came, makes it secret.
func (n *node) walkSecret(path []string, secret bool, visit func(path []string, n *node, secret bool)) {
	if n == nil {
		return
	}
	secret = secret || n.fromFile || secretPath(path) || n.addedBySecret(path)
	if n.kind == scalar {
		visit(path, n, secret)
	}
	for _, item := range n.items {
		item.walkSecret(append(slices.Clip(path), "[]"), secret, visit)
	}
	for _, f := range n.fields {
		f.node.walkSecret(append(slices.Clip(path), f.name), secret, visit)
	}
}

// addedBySecret reports a header that the proxy adds to requests and whose value comes from the environment: whatever its
// name, that is what one does with a key. Names that are known to hold none, and values too short to be one, are let be:
// hiding them would riddle the log.
func (n *node) addedBySecret(path []string) bool {
	if len(path) < 4 || path[0] != "proxy" || path[len(path)-2] != "headers" || len(n.inputs) == 0 {
		return false
	}
	text, ok := n.text()
	return ok && len(text) >= 8 && !plainHeader.MatchString(path[len(path)-1])
}

var plainHeader = regexp.MustCompile(`(?i)^(?:accept|content|x-forwarded|sec)-.*$|^(?:accept|host|origin|referer|user-agent|cache-control|pragma|x-requested-with)$`)

// secretPath decides by the place alone.
func secretPath(path []string) bool {
	if len(path) == 0 {
		return false
	}
	last := path[len(path)-1]
	if secretKey.MatchString(last) || secretHeader.MatchString(last) && slices.Contains(path, "headers") {
		return true
	}
	return slices.ContainsFunc(secretPlaces(), func(place string) bool { return matches(strings.Split(place, "."), path) })
}

func matches(pattern, path []string) bool {
	return slices.EqualFunc(pattern, path, func(p, s string) bool { return p == "*" || p == s })
}

// segments cuts a full path at its dots, well enough for the rules above.
func segments(path string) []string {
	if path == "" {
		return nil
	}
	return strings.Split(path, ".")
}

var (
	// userinfo matches the part of a URL before its host.
	userinfo = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://([^/?#\s]*)@`)
	// looseUserinfo goes up to the last @: in a connection string the password is often not escaped.
	looseUserinfo = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*://(.*)@`)
	// parameter matches password=… in a libpq connection string or in a query.
	parameter = regexp.MustCompile(`(?i)(?:^|[\s?&;])(?:password|pwd|sslpassword|accountkey|sharedaccesskey|token)\s*=\s*('(?:[^'\\]|\\.)*'|[^\s&;]+)`)
	// scheme matches the value of an Authorization header.
	scheme = regexp.MustCompile(`(?i)^(bearer|basic|token|bot|apikey)\s+(\S+)$`)
)

// partsOf returns the secrets inside any text: the passwords of a URL or connection string.
func partsOf(text string, connection bool) []string {
	var out []string
	pattern := userinfo
	if connection {
		pattern = looseUserinfo
	}
	if m := pattern.FindStringSubmatch(text); m != nil {
		if _, password, ok := strings.Cut(m[1], ":"); ok && password != "" {
			out = append(out, password)
			if plain, err := url.PathUnescape(password); err == nil && plain != password {
				out = append(out, plain)
			}
		}
	}
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		out = append(out, strings.Trim(m[1], "'"))
		if plain, err := url.QueryUnescape(m[1]); err == nil && plain != m[1] {
			out = append(out, plain)
		}
	}
	return out
}

// credentialsOf returns the credentials of an Authorization value, without its scheme. It is for texts in secret places
// only: "Basic auth" elsewhere is just words.
func credentialsOf(text string) []string {
	m := scheme.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	out := []string{m[2]}
	if strings.EqualFold(m[1], "basic") {
		if plain, err := base64.StdEncoding.DecodeString(m[2]); err == nil {
			_, password, _ := strings.Cut(string(plain), ":")
			out = append(out, password)
		}
	}
	return out
}

// pemLines returns the lines of a key in PEM form: a log in JSON shows it with its line ends escaped, where the whole
// would not be found.
func pemLines(text string) []string {
	if !strings.Contains(text, "-----BEGIN") {
		return nil
	}
	return slices.DeleteFunc(strings.Fields(text), func(line string) bool { return len(line) < 20 || strings.Contains(line, "-----") })
}
