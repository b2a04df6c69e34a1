package spacelift

import (
	"fmt"
	"log/slog"
	"time"
)

// Keys that every preset has. Their secret is Secret.
const (
	// AdminKey is admin of the root space.
	AdminKey = "01SIMULATORADMINKEY0000000"
	// ReaderKey is reader of the root space.
	ReaderKey = "01SIMULATORREADKEY00000000"
	// ShortKey is admin of the root space, with tokens that live 60 seconds, as those of an integration key do.
	ShortKey = "01SIMULATORSHORTKEY0000000"
	// Secret is the secret of the keys above.
	Secret = "simulator-secret"
	// OAuthToken is the one token that oauthUser knows.
	OAuthToken = "simulator-github-token"
)

// Presets of an account (spacelift.md 8.5).
const (
	// Demo is a small company: 40 stacks in 6 spaces, with 300 runs in all states.
	Demo = "demo"
	// Small is one stack, named StackID.
	Small = "small"
	// Large is 10,000 stacks in 120 spaces, with 200,000 runs.
	Large = "large"
	// StackID is the stack of the preset Small. It deploys by itself, and its plans have changes.
	StackID = "prod-network"
)

// Role is what a key may do in a space.
type Role string

// Roles, each of which may do what those before it may.
const (
	Reader Role = "reader"
	Writer Role = "writer"
	Admin  Role = "admin"
)

func (r Role) rank() int {
	switch r {
	case Reader:
		return 1
	case Writer:
		return 2
	case Admin:
		return 3
	}
	return 0
}

// Key is an API key (spacelift.md 8.2).
type Key struct {
	ID, Secret, Name string
	// Spaces are roles by the id of a space; spaces below inherit them.
	Spaces map[string]Role
	// TTL is how long the tokens of this key live; an hour if zero.
	TTL time.Duration
}

// String is the key without its secret.
func (k Key) String() string { return fmt.Sprintf("key %s (%s)", k.ID, k.Name) }

// GoString is String, so that no verb shows the secret.
func (k Key) GoString() string { return k.String() }

// LogValue is the key without its secret.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// Options says what the account is like. The zero value is the preset Small, with a clock that stands until Advance.
type Options struct {
	// Preset is Demo, Small or Large; Small if empty.
	Preset string
	// Seed decides everything random.
	Seed uint64
	// Speed is how many seconds of a run's life pass in a second; 0 means that they pass only by Advance. Time stamps
	// and tokens go by Now at any speed.
	Speed float64
	// Latency delays every answer by 80 to 250 ms, as the real service would.
	Latency bool
	// AmbientPerMinute is how many runs the account gets by itself, in a minute of the clock that Speed drives.
	AmbientPerMinute float64
	// BaseURL is the audience of tokens; that of the request if empty.
	BaseURL string
	// Keys are there besides those that every preset has; one with the same id takes its place.
	Keys []Key
	// Log gets a line a request, at debug. Nothing is logged if nil.
	Log *slog.Logger
	// Now is time.Now if nil.
	Now func() time.Time
}

func (o Options) withDefaults() Options {
	if o.Preset == "" {
		o.Preset = Small
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

func (o Options) keys() map[string]Key {
	root := func(role Role) map[string]Role { return map[string]Role{rootSpace: role} }
	keys := map[string]Key{
		AdminKey:  {ID: AdminKey, Secret: Secret, Name: "simulator admin", Spaces: root(Admin)},
		ReaderKey: {ID: ReaderKey, Secret: Secret, Name: "simulator reader", Spaces: root(Reader)},
		ShortKey:  {ID: ShortKey, Secret: Secret, Name: "simulator integration", Spaces: root(Admin), TTL: time.Minute},
	}
	for _, key := range o.Keys {
		keys[key.ID] = key
	}
	for id, key := range keys {
		if key.TTL <= 0 {
			key.TTL = time.Hour
			keys[id] = key
		}
	}
	return keys
}
