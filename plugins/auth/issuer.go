package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/keys"
	"github.com/understudy-portal/understudy/host/auth/token"
	"github.com/understudy-portal/understudy/host/router"
)

// identity is a user who has been recognised, with the refs through which they own things.
type identity struct {
	userRef   string
	ownership []string
	profile   Profile
}

// issuer issues user tokens, and answers for them.
type issuer struct {
	keys          keys.Source
	users         userInfoStore
	url           string // the iss claim: the external base URL of this plugin
	lifetime      time.Duration
	omitOwnership bool
	now           func() time.Time
}

// userInfo is the answer of /v1/userinfo, and what the store keeps.
type userInfo struct {
	Claims userInfoClaims `json:"claims"`
}

type userInfoClaims struct {
	Subject   string   `json:"sub"`
	Ownership []string `json:"ent"`
}

// issue records what the user owns and returns a token for them, with its end. The record comes first: a token that is
// out there must find it.
func (i *issuer) issue(ctx context.Context, who identity) (text string, expires time.Time, err error) {
	signer, err := i.keys.Signer(ctx)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue user token: %w", err)
	}
	now := i.now()
	expires = now.Truncate(time.Second).Add(i.lifetime)
	claims := token.UserClaims{Issuer: i.url, Subject: who.userRef, IssuedAt: now, Expires: expires}
	if !i.omitOwnership {
		claims.Ownership = who.ownership
	}
	text, err = token.SignUser(signer, claims)
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue user token: %w", err)
	}
	info, err := router.AppendJSON(nil, userInfo{Claims: userInfoClaims{Subject: who.userRef, Ownership: who.ownership}})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("issue user token: %w", err)
	}
	if err := i.users.put(ctx, who.userRef, string(info), now.UnixMilli()); err != nil {
		return "", time.Time{}, fmt.Errorf("record user info: %w", err)
	}
	return text, expires, nil
}

// Keys returns the public keys of user tokens.
func (i *issuer) Keys(ctx context.Context) (keys.Set, error) { return i.keys.Keys(ctx) }

// UserInfo returns what the user owned when they last signed in.
func (i *issuer) UserInfo(ctx context.Context, userRef string) ([]string, bool, error) {
	text, found, err := i.users.find(ctx, userRef)
	if err != nil || !found {
		return nil, false, err
	}
	var info userInfo
	if err := json.Unmarshal([]byte(text), &info); err != nil {
		return nil, false, fmt.Errorf("read user info of %q: %w", userRef, err)
	}
	return info.Claims.Ownership, true, nil
}

var _ auth.UserTokens = (*issuer)(nil)
