package auth

import (
	"context"
	"encoding/json"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// verifier is the part of auth.Service that the routes need.
type verifier interface {
	Verify(ctx context.Context, plugin, text string, limited bool) (auth.Credentials, error)
}

// api is the plugin's routes (core.md 6.1).
type api struct {
	issuer  *issuer
	signers []signer
	verify  verifier
	audit   *telemetry.Auditor
	now     func() time.Time
}

func (a *api) mount(routes *router.Routes) {
	routes.Open("/")
	routes.Handle("GET /.well-known/jwks.json", a.jwks)
	routes.Handle("GET /.well-known/openid-configuration", a.openID)
	routes.Handle("GET /.well-known/oauth-client/cli.json", cliClient)
	routes.Handle("GET /v1/userinfo", a.userInfo)
	guest := false
	for _, s := range a.signers {
		guest = guest || s.id == guestProvider
		at := "/" + s.id
		routes.Handle("GET "+at+"/refresh", a.refresh(s))
		routes.Handle("POST "+at+"/refresh", a.refresh(s))
		routes.Handle("GET "+at+"/start", notImplemented)
		routes.Handle("GET "+at+"/handler/frame", notImplemented)
		routes.Handle("POST "+at+"/handler/frame", notImplemented)
	}
	if !guest {
		routes.Handle("/guest", unregistered)
		routes.Handle("/guest/{rest...}", unregistered)
	}
	routes.Handle("/{provider}", unknownProvider)
	routes.Handle("/{provider}/{rest...}", unknownProvider)
}

func notImplemented(http.ResponseWriter, *http.Request) error {
	return fault.NotImplemented("Not implemented")
}

func unregistered(http.ResponseWriter, *http.Request) error {
	return fault.NotFound("No auth provider registered for '%s'", guestProvider)
}

func unknownProvider(_ http.ResponseWriter, r *http.Request) error {
	return fault.NotFound("Unknown auth provider '%s'", r.PathValue("provider"))
}

func (a *api) jwks(w http.ResponseWriter, r *http.Request) error {
	set, err := a.issuer.Keys(r.Context())
	if err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, set)
}

// openIDConfiguration is the discovery document; its members are in the order in which Backstage writes them.
type openIDConfiguration struct {
	Issuer                string   `json:"issuer"`
	TokenEndpoint         string   `json:"token_endpoint"`
	UserInfoEndpoint      string   `json:"userinfo_endpoint"`
	JWKSURI               string   `json:"jwks_uri"`
	ResponseTypes         []string `json:"response_types_supported"`
	SubjectTypes          []string `json:"subject_types_supported"`
	SigningAlgorithms     []string `json:"id_token_signing_alg_values_supported"`
	Scopes                []string `json:"scopes_supported"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	Claims                []string `json:"claims_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	AuthorizationEndpoint string   `json:"authorization_endpoint"`
	ChallengeMethods      []string `json:"code_challenge_methods_supported"`
}

func (a *api) openID(w http.ResponseWriter, r *http.Request) error {
	url := a.issuer.url
	return router.WriteJSON(w, r, http.StatusOK, openIDConfiguration{
		Issuer:           url,
		TokenEndpoint:    url + "/v1/token",
		UserInfoEndpoint: url + "/v1/userinfo",
		JWKSURI:          url + "/.well-known/jwks.json",
		ResponseTypes:    []string{"code", "id_token"},
		SubjectTypes:     []string{"public"},
		SigningAlgorithms: []string{
			"RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA",
		},
		Scopes:                []string{"openid"},
		TokenAuthMethods:      []string{"client_secret_basic", "client_secret_post"},
		Claims:                []string{"sub", "ent"},
		GrantTypes:            []string{"authorization_code"},
		AuthorizationEndpoint: url + "/v1/authorize",
		ChallengeMethods:      []string{"S256", "plain"},
	})
}

// cliClient answers that the feature is off, in the style of OAuth.
func cliClient(w http.ResponseWriter, r *http.Request) error {
	return router.WriteJSON(w, r, http.StatusNotFound, struct {
		Error       string `json:"error"`
		Description string `json:"error_description"`
	}{"not_found", "Client ID metadata documents not enabled"})
}

// userInfo answers with what the caller owned when they last signed in (core.md 6.2). Limited tokens count.
func (a *api) userInfo(w http.ResponseWriter, r *http.Request) error {
	text := auth.Bearer(r)
	if text == "" {
		return fault.Authentication("No token provided")
	}
	c, err := a.verify.Verify(r.Context(), pluginID, text, true)
	if err != nil {
		return err
	}
	if !c.IsUser() {
		return fault.Input("Userinfo endpoint must be called with a token that represents a user principal")
	}
	info, found, err := a.issuer.users.find(r.Context(), c.UserRef)
	if err != nil {
		return err
	}
	if !found {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusNotFound)
		_, _ = io.WriteString(w, "User info not found") // a caller that has gone needs no answer
		return nil
	}
	return router.WriteJSON(w, r, http.StatusOK, json.RawMessage(info))
}

// signInAnswer is what the frontend expects of a provider. It validates strictly: what is absent is left out, never null
// (core.md 6.5).
type signInAnswer struct {
	Profile  Profile        `json:"profile"`
	Identity signInIdentity `json:"backstageIdentity"`
}

type signInIdentity struct {
	Token    string         `json:"token"`
	Identity signInUserInfo `json:"identity"`
	Expires  int64          `json:"expiresInSeconds"`
}

type signInUserInfo struct {
	Type      string   `json:"type"`
	UserRef   string   `json:"userEntityRef"`
	Ownership []string `json:"ownershipEntityRefs"`
}

// refresh signs a user in by one provider, or renews their token.
func (a *api) refresh(s signer) router.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) error {
		who, err := s.identify(r)
		meta := map[string]any{"provider": s.id}
		if who.userRef != "" {
			meta["userEntityRef"] = who.userRef
		}
		event := a.audit.Event(r.Context(), telemetry.Event{Plugin: pluginID, ID: "user-sign-in", Meta: meta})
		var answer signInAnswer
		if err == nil {
			answer, err = a.signIn(r.Context(), who)
		}
		event.Done(err)
		if err != nil {
			return err
		}
		return router.WriteJSON(w, r, http.StatusOK, answer)
	}
}

func (a *api) signIn(ctx context.Context, who identity) (signInAnswer, error) {
	text, expires, err := a.issuer.issue(ctx, who)
	if err != nil {
		return signInAnswer{}, err
	}
	return signInAnswer{Profile: who.profile, Identity: signInIdentity{
		Token:    text,
		Identity: signInUserInfo{Type: "user", UserRef: who.userRef, Ownership: who.ownership},
		Expires:  int64(math.Round(expires.Sub(a.now()).Seconds())),
	}}, nil
}
