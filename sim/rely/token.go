package rely

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Scopes and states of tokens.
const (
	ScopeUser   = "user"
	ScopePlugin = "plugin"

	TokenActive  = "active"
	TokenRevoked = "revoked"
	TokenExpired = "expired"
)

// APIToken is one that requests come with.
type APIToken struct {
	Value     string    `json:"token"`
	User      string    `json:"user"`
	Scope     string    `json:"scope"`
	Plugin    string    `json:"plugin,omitempty"`
	State     string    `json:"state"`
	CreatedAt time.Time `json:"createdAt"`
}

// tokens are in the order of their making.
type tokens struct{ list []*APIToken }

func newTokens(now time.Time) tokens {
	return tokens{list: []*APIToken{{Value: Token, User: "simulator", Scope: ScopeUser, State: TokenActive, CreatedAt: now.UTC()}}}
}

func (t *tokens) find(value string) *APIToken {
	for _, token := range t.list {
		if token.Value == value {
			return token
		}
	}
	return nil
}

// add makes a token active. A user has one at a time: a new one revokes the old (export.md 2.1).
func (t *tokens) add(token APIToken) (*APIToken, error) {
	if token.Scope == "" {
		token.Scope = ScopeUser
	}
	if token.State == "" {
		token.State = TokenActive
	}
	if token.User == "" {
		token.User = "simulator"
	}
	if token.Scope != ScopeUser && token.Scope != ScopePlugin {
		return nil, fmt.Errorf("scope %q is none of user, plugin", token.Scope)
	}
	if token.Scope == ScopePlugin && token.Plugin == "" {
		return nil, fmt.Errorf("a plugin token names its plugin")
	}
	if token.State != TokenActive && token.State != TokenRevoked && token.State != TokenExpired {
		return nil, fmt.Errorf("state %q is none of active, revoked, expired", token.State)
	}
	if token.Value == "" {
		token.Value = token.Scope + "-" + randomHex()
	}
	if t.find(token.Value) != nil {
		return nil, fmt.Errorf("the token exists already")
	}
	if token.Scope == ScopeUser && token.State == TokenActive {
		t.revoke(func(old *APIToken) bool { return old.Scope == ScopeUser && old.User == token.User })
	}
	t.list = append(t.list, &token)
	return &token, nil
}

func (t *tokens) revoke(which func(*APIToken) bool) (n int) {
	for _, token := range t.list {
		if token.State == TokenActive && which(token) {
			token.State = TokenRevoked
			n++
		}
	}
	return n
}

// randomHex is unguessable, unlike all else here: a plugin token is handed to whoever asks with a good key.
func randomHex() string {
	var b [12]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// bearer is the token of a request, or nothing.
func bearer(r *http.Request) string {
	scheme, value, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "bearer") {
		return ""
	}
	return strings.TrimSpace(value)
}

// CreateToken makes a token. Empty fields get defaults: an active user token of "simulator", which revokes Token.
func (s *Server) CreateToken(token APIToken) (APIToken, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token.CreatedAt.IsZero() {
		token.CreatedAt = s.options.Now().UTC()
	}
	made, err := s.tokens.add(token)
	if err != nil {
		return APIToken{}, err
	}
	return *made, nil
}

// RevokeToken ends a token; false means that no active one has this value.
func (s *Server) RevokeToken(value string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens.revoke(func(t *APIToken) bool { return t.Value == value }) > 0
}

// pluginToken answers GET /api/v1/legacy/plugins/{id}/token, which takes a user's key (export.md 2.1).
func (s *Server) pluginToken(r *request) answer {
	id := r.PathValue("id")
	if r.token.Scope != ScopeUser {
		return refuse(http.StatusForbidden, "forbidden", "Not enough permissions")
	}
	if _, ok := s.plugins[id]; !ok {
		return refuse(http.StatusNotFound, "not_found", "Plugin with id %s not found", id)
	}
	for _, token := range s.tokens.list {
		if token.Scope == ScopePlugin && token.Plugin == id && token.User == r.token.User && token.State == TokenActive {
			return reply(http.StatusOK, map[string]string{"token": token.Value})
		}
	}
	made, err := s.tokens.add(APIToken{Scope: ScopePlugin, Plugin: id, User: r.token.User, CreatedAt: r.now.UTC()})
	if err != nil {
		return refuse(http.StatusInternalServerError, "error", "%v", err)
	}
	return reply(http.StatusOK, map[string]string{"token": made.Value})
}

// plugin answers GET /api/v1/legacy/plugins/{id}.
func (s *Server) plugin(r *request) answer {
	id := r.PathValue("id")
	if r.token.Scope == ScopePlugin && r.token.Plugin != id {
		return refuse(http.StatusForbidden, "forbidden", "The token belongs to another plugin")
	}
	doc, ok := s.plugins[id]
	if !ok {
		return refuse(http.StatusNotFound, "not_found", "Plugin with id %s not found", id)
	}
	return reply(http.StatusOK, doc)
}

// listTokens answers GET /_sim/tokens; the values are cut.
func (s *Server) listTokens(*http.Request) (any, error) {
	list := make([]APIToken, 0, len(s.tokens.list))
	for _, token := range s.tokens.list {
		shown := *token
		shown.Value = "…" + shown.Value[max(0, len(shown.Value)-4):]
		list = append(list, shown)
	}
	return list, nil
}

// createToken answers POST /_sim/tokens.
func (s *Server) createToken(r *http.Request) (any, error) {
	var token APIToken
	if err := json.NewDecoder(r.Body).Decode(&token); err != nil {
		return nil, err
	}
	if token.CreatedAt.IsZero() {
		token.CreatedAt = s.options.Now().UTC()
	}
	return s.tokens.add(token)
}

// deleteToken answers DELETE /_sim/tokens?token=…
func (s *Server) deleteToken(r *http.Request) (any, error) {
	value := r.URL.Query().Get("token")
	n := s.tokens.revoke(func(t *APIToken) bool { return t.Value == value })
	if n == 0 {
		return nil, fmt.Errorf("no active token has this value; ask DELETE /_sim/tokens?token=VALUE")
	}
	return map[string]int{"revoked": n}, nil
}
