package auth

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/config"
)

// settings are what the auth section says.
type settings struct {
	// lifetime of user tokens.
	lifetime time.Duration
	// omitOwnership leaves the ent claim out of tokens.
	omitOwnership bool
	algorithm     string
	keyStore      keyStore
	static        keys.Source // for keyStoreStatic
	guest         *guestSettings
}

// guestSettings are those of auth.providers.guest; a nil pointer means that the provider is not configured.
type guestSettings struct {
	userRef      string
	ownership    []string
	allowOutside bool
}

// keyStore says where the keys of user tokens are (core.md 6.3).
type keyStore string

const (
	keyStoreDatabase keyStore = "database"
	keyStoreMemory   keyStore = "memory"
	keyStoreStatic   keyStore = "static"
)

// The lifetime of a user token (core.md 4.2).
const (
	defaultLifetime = time.Hour
	minLifetime     = 10 * time.Minute
	maxLifetime     = 24 * time.Hour
)

const (
	guestProvider = "guest"
	guestPath     = "auth.providers.guest"
	defaultGuest  = "user:development/guest"
)

// loadSettings reads the auth section. The problems may be mere warnings. Known are the ids of the providers that there are.
func loadSettings(c *config.Config, known []string) (settings, config.Problems) {
	l := &loader{c: c}
	s := settings{
		lifetime:      l.lifetime(),
		omitOwnership: true,
		algorithm:     l.algorithm(),
	}
	omit, ok, err := c.OptionalBool("auth.omitIdentityTokenOwnershipClaim")
	l.add(err)
	if ok {
		s.omitOwnership = omit
	}
	s.keyStore, s.static = l.keyStore()
	s.guest = l.guest()
	l.unknownProviders(known)
	return s, l.problems
}

// loader gathers everything that is wrong.
type loader struct {
	c        *config.Config
	problems config.Problems
}

func (l *loader) add(err error) { l.problems = append(l.problems, config.AsProblems(err)...) }

func (l *loader) warn(p config.Problem) {
	p.Warning = true
	l.problems = append(l.problems, p)
}

func (l *loader) lifetime() time.Duration {
	const path = "auth.backstageTokenExpiration"
	d, ok, err := l.c.OptionalDuration(path)
	l.add(err)
	if !ok {
		return defaultLifetime
	}
	configured := time.Duration(d)
	used := min(max(configured, minLifetime), maxLifetime).Truncate(time.Second)
	if configured < minLifetime || configured > maxLifetime {
		l.warn(l.c.Errorf(path, "choose between 10 minutes and 24 hours", "%s is out of bounds, tokens will live for %s", configured, used))
	}
	return used
}

func (l *loader) algorithm() string {
	const path = "auth.identityTokenAlgorithm"
	name, ok, err := l.c.OptionalString(path)
	l.add(err)
	if !ok {
		return keys.DefaultAlgorithm
	}
	if !slices.Contains(keys.Algorithms(), name) {
		l.add(l.c.Errorf(path, "use one of "+strings.Join(keys.Algorithms(), ", "), "unknown algorithm %q", name))
	}
	return name
}

func (l *loader) keyStore() (keyStore, keys.Source) {
	const path = "auth.keyStore.provider"
	name, ok, err := l.c.OptionalString(path)
	l.add(err)
	if !ok {
		return keyStoreDatabase, nil
	}
	switch store := keyStore(name); store {
	case keyStoreDatabase, keyStoreMemory:
		return store, nil
	case keyStoreStatic:
		source, err := auth.LoadStaticKeys(l.c, "auth.keyStore.static.keys", "sig")
		l.add(err)
		return store, source
	default:
		l.add(l.c.Errorf(path, "use database, memory or static", "key store provider %q is not supported", name))
		return keyStoreDatabase, nil
	}
}

// guest reads auth.providers.guest, which has no environment level (core.md 6.5). It is on when
// the key is there; an empty mapping is enough.
func (l *loader) guest() *guestSettings {
	if !slices.Contains(l.c.Keys("auth.providers"), guestProvider) {
		return nil
	}
	g := &guestSettings{}
	userRef, ok, err := l.c.OptionalString(guestPath + ".userEntityRef")
	l.add(err)
	if !ok {
		userRef = defaultGuest
	}
	g.userRef = l.ref(guestPath+".userEntityRef", userRef)
	owns, _, err := l.c.OptionalStrings(guestPath + ".ownershipEntityRefs")
	l.add(err)
	for i, ref := range owns {
		g.ownership = append(g.ownership, l.ref(fmt.Sprintf("%s.ownershipEntityRefs[%d]", guestPath, i), ref))
	}
	if g.ownership == nil {
		g.ownership = []string{g.userRef}
	}
	g.allowOutside, _, err = l.c.OptionalBool(guestPath + ".dangerouslyAllowOutsideDevelopment")
	l.add(err)
	return g
}

// ref returns the canonical form of an entity ref.
func (l *loader) ref(path, text string) string {
	ref, err := entity.ParseRef(text, entity.RefDefaults{})
	if err != nil {
		l.add(l.c.Errorf(path, "write kind:namespace/name", "%q is not an entity ref", text))
		return text
	}
	return ref.String()
}

// unknownProviders warns of providers that nobody will be able to sign in with. It is no error, because the same file
// may serve a Node backend that has them.
func (l *loader) unknownProviders(known []string) {
	for _, name := range l.c.Keys("auth.providers") {
		if !slices.Contains(known, name) {
			l.warn(l.c.Errorf("auth.providers."+name, "this server signs in by: "+strings.Join(known, ", "), "sign-in provider %q is not supported, nobody can sign in with it", name))
		}
	}
}
