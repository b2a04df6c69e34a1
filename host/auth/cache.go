package auth

import (
	"crypto/sha256"
	"time"

	"github.com/maypok86/otter/v2"
)

// cacheSize bounds how many verified tokens are remembered.
const cacheSize = 10_000

// maxRemembered bounds how long a verified token is remembered: as long as its key would be, had it been fetched
// (core.md 4.6), so that a key that its issuer withdraws stops working here as soon as there.
const maxRemembered = 10 * time.Minute

// cacheKey is a hash, so that the cache holds no tokens to be stolen, and a plugin, because the same token may be good at
// one and not at another.
type cacheKey [sha256.Size]byte

func newCacheKey(plugin, text string) cacheKey {
	h := sha256.New()
	h.Write([]byte(plugin))
	h.Write([]byte{0})
	h.Write([]byte(text))
	return cacheKey(h.Sum(nil))
}

// verdictCache remembers the tokens whose verification is expensive.
type verdictCache struct {
	entries *otter.Cache[cacheKey, remembered]
}

type remembered struct {
	verdict verdict
	until   time.Time
}

func newVerdictCache() (*verdictCache, error) {
	entries, err := otter.New(&otter.Options[cacheKey, remembered]{MaximumSize: cacheSize})
	if err != nil {
		return nil, err
	}
	return &verdictCache{entries: entries}, nil
}

// find returns a verdict that still holds at now. Times are compared here, by the clock that verifies, to the second as
// there: a token is never believed for longer because it was seen before.
func (c *verdictCache) find(key cacheKey, now time.Time) (verdict, bool) {
	e, ok := c.entries.GetIfPresent(key)
	if !ok {
		return verdict{}, false
	}
	if !now.Truncate(time.Second).Before(e.until) {
		c.entries.Invalidate(key)
		return verdict{}, false
	}
	return e.verdict, true
}

func (c *verdictCache) add(key cacheKey, v verdict, now time.Time) {
	until := now.Add(maxRemembered)
	if end := v.credentials.ExpiresAt; !end.IsZero() && end.Before(until) {
		until = end
	}
	c.entries.Set(key, remembered{verdict: v, until: until})
}

// ownerTTL is how long a user's ownership is remembered (core.md 4.9).
const ownerTTL = 5 * time.Second

// ownerCache remembers what users own, by their tokens.
type ownerCache struct {
	entries *otter.Cache[cacheKey, owned]
}

type owned struct {
	refs  []string
	until time.Time
}

func newOwnerCache() (*ownerCache, error) {
	entries, err := otter.New(&otter.Options[cacheKey, owned]{MaximumSize: cacheSize})
	if err != nil {
		return nil, err
	}
	return &ownerCache{entries: entries}, nil
}

func (c *ownerCache) find(key cacheKey, now time.Time) ([]string, bool) {
	e, ok := c.entries.GetIfPresent(key)
	if !ok || !now.Before(e.until) {
		return nil, false
	}
	return e.refs, true
}

func (c *ownerCache) add(key cacheKey, refs []string, now time.Time) {
	c.entries.Set(key, owned{refs: refs, until: now.Add(ownerTTL)})
}
