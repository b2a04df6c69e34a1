package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/fault"
)

const (
	userInfoTimeout = 10 * time.Second
	maxUserInfo     = 1 << 20
)

// UserInfo returns the refs that a user owns things through: their own, and those of their groups (core.md 4.9). They come
// from the token if it has them, else from the auth plugin, and are remembered for a few seconds.
func (s *Service) UserInfo(ctx context.Context, c Credentials) ([]string, error) {
	if !c.IsUser() {
		return nil, errors.New("user info: only user credentials are supported")
	}
	if t, err := token.Parse(c.Token()); err == nil {
		if claims, err := t.Unverified(); err == nil && claims.Ownership != nil {
			return claims.Ownership, nil
		}
	}
	key := newCacheKey(c.UserRef, c.Token())
	if refs, ok := s.owners.find(key, s.now()); ok {
		return refs, nil
	}
	refs, err := s.readUserInfo(ctx, c)
	if err != nil {
		return nil, err
	}
	s.owners.add(key, refs, s.now())
	return refs, nil
}

func (s *Service) readUserInfo(ctx context.Context, c Credentials) ([]string, error) {
	local := s.localUserTokens()
	if local == nil {
		return s.fetchUserInfo(ctx, c)
	}
	refs, found, err := local.UserInfo(ctx, c.UserRef)
	if err != nil {
		return nil, fmt.Errorf("user info: %w", err)
	}
	if !found {
		return nil, fault.NotFound("User info not found")
	}
	return refs, nil
}

// fetchUserInfo asks the auth plugin of another backend, with the user's own token.
func (s *Service) fetchUserInfo(ctx context.Context, c Credentials) ([]string, error) {
	if c.token == nil {
		return nil, errors.New("user info: the credentials have no token")
	}
	base, err := s.discovery.InternalURL(ctx, "auth")
	if err != nil {
		return nil, fmt.Errorf("user info: %w", err)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, userInfoTimeout, fmt.Errorf("user info: no answer within %s", userInfoTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+userInfoPath, nil)
	if err != nil {
		return nil, fmt.Errorf("user info: %w", err)
	}
	req.Header.Set("Authorization", "Bearer "+c.Token())
	resp, err := doIdempotent(s.client, req, sleep)
	if err != nil {
		return nil, fmt.Errorf("user info: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // it was only read
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("user info: %s answered status %d", req.URL, resp.StatusCode)
	}
	data, err := readBounded(resp.Body, maxUserInfo)
	if err != nil {
		return nil, fmt.Errorf("user info: %w", err)
	}
	var answer struct {
		Claims struct {
			Ownership []string `json:"ent"`
		} `json:"claims"`
	}
	if err := json.Unmarshal(data, &answer); err != nil {
		return nil, fmt.Errorf("user info: %w", err)
	}
	if answer.Claims.Ownership == nil {
		return nil, errors.New("user info: the answer has no ent")
	}
	return answer.Claims.Ownership, nil
}
