package proxy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// readKeys are the keys of an endpoint that mean something here.
var readKeys = []string{
	"target", "changeOrigin", "pathRewrite", "headers", "allowedMethods", "allowedHeaders", "credentials", "secure", "timeout",
	"proxyTimeout", "followRedirects", "cookieDomainRewrite", "cookiePathRewrite", "hostRewrite", "autoRewrite", "protocolRewrite",
	"auth", "ws", "xfwd", "ignorePath", "prependPath",
}

// inertKeys are options of http-proxy-middleware that mean nothing here, with what happens instead.
var inertKeys = map[string]string{
	"logLevel":              "requests are logged at debug and failures at warn; set backend.logger.level",
	"preserveHeaderKeyCase": "names of headers are sent in their usual form, such as X-Api-Key, which targets must take for the same",
	"router":                "every request goes to target; write an endpoint for each other target",
	"forward":               "requests go to target alone",
	"agent":                 "connections are kept and used again for all requests",
	"ssl":                   "the backend's own certificate is backend.https",
	"localAddress":          "the system chooses the address that connections come from",
	"toProxy":               "a proxy on the way is named by the environment variable HTTPS_PROXY",
	"selfHandleResponse":    "answers are passed on",
	"buffer":                "bodies are passed on as they arrive",
	"ejectPlugins":          "there are no plugins",
}

// harmless are values of inert keys that ask for what is so anyway.
var harmless = map[string]any{"preserveHeaderKeyCase": false, "toProxy": false, "selfHandleResponse": false, "ejectPlugins": false}

// others warns of keys that are not read.
func (l *loader) others(c *config.Config) {
	for _, key := range c.Keys("") {
		if slices.Contains(readKeys, key) {
			continue
		}
		at := c.Section(key)
		if value, ok := harmless[key]; ok && value == at.Value("") {
			continue
		}
		if instead, ok := inertKeys[key]; ok {
			l.warn(at, "", instead, "has no effect")
			continue
		}
		l.warn(at, "", guessKey(key), "is not read")
	}
}

func guessKey(key string) string {
	plain := func(s string) string {
		return strings.TrimSuffix(strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)), "s")
	}
	for _, known := range readKeys {
		if plain(known) == plain(key) {
			return fmt.Sprintf("did you mean '%s'?", known)
		}
	}
	return docsHint
}

// hopByHop are headers that belong to a connection.
var hopByHop = map[string]bool{
	"Connection": true, "Proxy-Connection": true, "Keep-Alive": true, "Te": true, "Trailer": true, "Transfer-Encoding": true, "Upgrade": true,
	"Content-Length": true,
}

// headerValues reads what YAML has for a header: a scalar, or a list of them. False: a header cannot have that value.
func headerValues(v any) ([]config.Secret, bool) {
	switch v := v.(type) {
	case string:
		text := strings.TrimSpace(v)
		for i := range len(text) {
			if text[i] < ' ' && text[i] != '\t' || text[i] == 0x7f {
				return nil, false
			}
		}
		return []config.Secret{config.NewSecret(text)}, true
	case float64:
		return []config.Secret{config.NewSecret(entity.NumberString(v))}, true
	case bool:
		return []config.Secret{config.NewSecret(fmt.Sprint(v))}, true
	case []any:
		var all []config.Secret
		for _, item := range v {
			if _, nested := item.([]any); nested {
				return nil, false
			}
			one, ok := headerValues(item)
			if !ok {
				return nil, false
			}
			all = append(all, one...)
		}
		return all, len(all) > 0
	default:
		return nil, false
	}
}

// token reports whether a text can be the name of a header, or a method.
func token(s string) bool {
	for i := range len(s) {
		c := lower(s[i])
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}
