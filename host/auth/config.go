package auth

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/config"
)

// settings are what backend.auth says.
type settings struct {
	openByDefault bool // dangerouslyDisableDefaultAuthPolicy
	external      []external
	// staticKeys sign plugin tokens where pluginKeyStore says so; nil means a key a plugin in its database.
	staticKeys keys.Source
}

// problems gathers everything that is wrong, so that it can be told at once.
type problems struct{ list config.Problems }

func (p *problems) add(err error) { p.list = append(p.list, config.AsProblems(err)...) }

// CheckConfig reports everything that is wrong with backend.auth.
func CheckConfig(c *config.Config) error {
	_, err := loadSettings(c)
	return err
}

func loadSettings(c *config.Config) (settings, error) {
	found := &problems{}
	var s settings
	var err error
	s.openByDefault, _, err = c.OptionalBool("backend.auth.dangerouslyDisableDefaultAuthPolicy")
	found.add(err)
	entries, err := c.OptionalSubs("backend.auth.externalAccess")
	found.add(err)
	for _, entry := range entries {
		if e, ok := loadExternal(entry, found); ok {
			s.external = append(s.external, e)
		}
	}
	s.external = append(s.external, loadOldKeys(c, found)...)
	s.staticKeys = loadKeyStore(c, found)
	return s, found.list.Err()
}

// oldSubject is the principal of callers with a secret from the old backend.auth.keys (core.md 4.8).
const oldSubject = "external:backstage-plugin"

func loadOldKeys(c *config.Config, found *problems) []external {
	entries, err := c.OptionalSubs("backend.auth.keys")
	found.add(err)
	var out []external
	for _, entry := range entries {
		if secret, ok := loadSharedSecret(entry, "secret", found); ok {
			out = append(out, external{link: legacyLink{secret: secret, subject: oldSubject}})
		}
	}
	return out
}

// loadExternal reads one entry of backend.auth.externalAccess (core.md 4.8).
func loadExternal(entry *config.Config, found *problems) (external, bool) {
	before := len(found.list)
	kind, err := entry.String("type")
	found.add(err)
	for _, key := range entry.Keys("") {
		if !slices.Contains([]string{"type", "options", "accessRestrictions"}, key) {
			found.add(entry.Errorf(key, "known are type, options and accessRestrictions", "unknown key"))
		}
	}
	options, err := entry.Sub("options")
	if err != nil {
		found.add(err)
		return external{}, false
	}
	e := external{}
	e.plugins, e.restrictions = loadRestrictions(entry, found)
	switch kind {
	case "":
	case "static":
		e.link = loadStatic(options, found)
	case "legacy":
		e.link = loadLegacy(options, found)
	case "jwks":
		e.link = loadJWKS(options, found)
	default:
		found.add(entry.Errorf("type", "use static, legacy or jwks", "external access of type %q is not supported", kind))
	}
	return e, len(found.list) == before
}

// minStaticToken is the least length of a static token.
const minStaticToken = 8

func loadStatic(options *config.Config, found *problems) link {
	token, err := options.Secret("token")
	found.add(err)
	subject := loadSubject(options, found)
	switch text := token.Reveal(); {
	case err != nil:
	case strings.ContainsAny(text, " \t\r\n"):
		found.add(options.Errorf("token", "", "must not have white space in it"))
	case len(text) < minStaticToken:
		found.add(options.Errorf("token", "make one with `openssl rand -hex 24`", "must have at least %d characters", minStaticToken))
	}
	return newStaticLink(token, subject)
}

func loadLegacy(options *config.Config, found *problems) link {
	secret, _ := loadSharedSecret(options, "secret", found)
	return legacyLink{secret: secret, subject: loadSubject(options, found)}
}

// loadSubject reads the name of a caller, which logs show and which must not have white space in it.
func loadSubject(options *config.Config, found *problems) string {
	subject, err := options.String("subject")
	found.add(err)
	if strings.ContainsAny(subject, " \t\r\n") {
		found.add(options.Errorf("subject", "", "must not have white space in it"))
	}
	return subject
}

// loadSharedSecret reads the secret of legacy tokens, in base64 or base64url.
func loadSharedSecret(c *config.Config, path string, found *problems) (config.Secret, bool) {
	encoded, err := c.Secret(path)
	if err != nil {
		found.add(err)
		return config.Secret{}, false
	}
	text := strings.NewReplacer("-", "+", "_", "/", "=", "").Replace(strings.TrimSpace(encoded.Reveal()))
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 {
		found.add(c.Errorf(path, "", "must be base64"))
		return config.Secret{}, false
	}
	return config.NewSecret(string(raw)), true
}

func loadJWKS(options *config.Config, found *problems) link {
	address, err := options.String("url")
	found.add(err)
	if u, parseErr := url.Parse(address); err == nil && (parseErr != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		found.add(options.Errorf("url", "", "must be an http or https URL"))
	}
	l := &jwksLink{
		algorithms: loadList(options, "algorithm", found),
		issuers:    loadList(options, "issuer", found),
		audiences:  loadList(options, "audience", found),
		address:    address,
	}
	for _, name := range l.algorithms {
		if !slices.Contains(keys.Algorithms(), name) {
			found.add(options.Errorf("algorithm", "known are "+strings.Join(keys.Algorithms(), ", "), "unknown algorithm %q", name))
		}
	}
	l.prefix, _, err = options.OptionalString("subjectPrefix")
	found.add(err)
	return l
}

// loadList reads a text, split at commas and spaces, or a list of texts.
func loadList(c *config.Config, path string, found *problems) []string {
	switch c.Value(path).(type) {
	case nil:
		return nil
	case string:
		text, err := c.String(path)
		found.add(err)
		return strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(", \t\r\n", r) })
	default:
		list, err := c.Strings(path)
		found.add(err)
		return list
	}
}

// actions are the values that a permission's action attribute may have.
var actions = []string{"create", "read", "update", "delete"}

// loadRestrictions reads accessRestrictions; nil means none are set. Unknown keys are errors, because a limit that is
// not understood must not be left out.
func loadRestrictions(entry *config.Config, found *problems) (plugins []string, limits map[string]Restrictions) {
	list, err := entry.OptionalSubs("accessRestrictions")
	found.add(err)
	if list == nil {
		return nil, nil
	}
	limits = make(map[string]Restrictions, len(list))
	for _, r := range list {
		onlyKeys(r, "", found, "plugin", "permission", "permissionAttribute")
		plugin, err := r.String("plugin")
		found.add(err)
		if _, twice := limits[plugin]; twice {
			found.add(r.Errorf("plugin", "put everything about it into one entry", "plugin %q is there twice", plugin))
		}
		restriction := Restrictions{Permissions: loadList(r, "permission", found)}
		if r.Has("permissionAttribute") {
			onlyKeys(r, "permissionAttribute", found, "action")
			restriction.Actions = loadList(r, "permissionAttribute.action", found)
		}
		for _, action := range restriction.Actions {
			if !slices.Contains(actions, action) {
				found.add(r.Errorf("permissionAttribute.action", "known are "+strings.Join(actions, ", "), "unknown action %q", action))
			}
		}
		plugins = append(plugins, plugin)
		limits[plugin] = restriction
	}
	return plugins, limits
}

func onlyKeys(c *config.Config, path string, found *problems, known ...string) {
	for _, key := range c.Keys(path) {
		if slices.Contains(known, key) {
			continue
		}
		full := key
		if path != "" {
			full = path + "." + key
		}
		found.add(c.Errorf(full, "known are "+strings.Join(known, ", "), "unknown key"))
	}
}

// loadKeyStore reads backend.auth.pluginKeyStore (core.md 4.7). Nil means the plugin's database.
func loadKeyStore(c *config.Config, found *problems) keys.Source {
	const path = "backend.auth.pluginKeyStore"
	kind, ok, err := c.OptionalString(path + ".type")
	found.add(err)
	switch {
	case err != nil, !ok && !c.Has(path), kind == "database":
		return nil
	case kind == "static":
		source, err := LoadStaticKeys(c, path+".static.keys", "")
		found.add(err)
		return source
	default:
		found.add(c.Errorf(path+".type", "use database or static", "key store of type %q is not supported", kind))
		return nil
	}
}

// LoadStaticKeys reads a list of keys in PEM files, as backend.auth.pluginKeyStore.static.keys and
// auth.keyStore.static.keys have it. The keys are published with the given use.
func LoadStaticKeys(c *config.Config, path, use string) (keys.Source, error) {
	entries, err := c.Subs(path)
	if err != nil {
		return nil, err
	}
	found := &problems{}
	var list []keys.StaticKey
	for _, entry := range entries {
		var k keys.StaticKey
		k.ID, err = entry.String("keyId")
		found.add(err)
		k.PublicKeyFile, err = entry.String("publicKeyFile")
		found.add(err)
		k.PrivateKeyFile, _, err = entry.OptionalString("privateKeyFile")
		found.add(err)
		k.Algorithm, _, err = entry.OptionalString("algorithm")
		found.add(err)
		list = append(list, k)
	}
	if len(found.list) > 0 {
		return nil, found.list
	}
	source, err := keys.LoadStatic(list, use)
	if err != nil {
		return nil, c.Errorf(path, "", "%s", err)
	}
	return source, nil
}
