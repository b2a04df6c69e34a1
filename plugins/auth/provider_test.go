package auth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/plugins/auth"
)

// byHeader signs in whoever a trusted proxy names; here the bearer token plays the header.
type byHeader struct {
	id   string
	owns []string
}

func (p byHeader) ID() string { return p.id }

func (p byHeader) SignIn(r *http.Request) (auth.Identity, error) {
	name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch name {
	case "":
		return auth.Identity{}, fault.Authentication("The proxy names nobody")
	case "broken":
		return auth.Identity{}, errors.New("the directory at ldap://secret is down")
	}
	return auth.Identity{UserRef: name, Ownership: p.owns, Profile: auth.Profile{DisplayName: "Jane", Email: "jane@example.com"}}, nil
}

const noProviders = baseURL + "auth: { providers: { header: {}, other: {} } }\n"

// TestProviderOfOnesOwn: a provider that a program brings along signs users in as Backstage's own do, and what it issues is
// a token like any other.
func TestProviderOfOnesOwn(t *testing.T) {
	t.Parallel()
	const jane = `{"kind":"User","metadata":{"name":"jane","namespace":"default"},
		"relations":[{"type":"memberOf","targetRef":"group:default/a"},{"type":"memberOf","targetRef":"user:default/odd"}]}`
	for _, tc := range []struct {
		name, entity string
		failure      error
		owns         []string
		bearer       string
		status       int
		text         string
		want         []string
	}{
		{name: "groups of the catalog", entity: jane, bearer: "jane", status: 200, want: []string{"user:default/jane", "group:default/a"}},
		{name: "unknown to the catalog", bearer: "User:Default/Jane", status: 200, want: []string{"user:default/jane"}},
		{name: "told by the provider", entity: jane, owns: []string{"group:default/z"}, bearer: "jane", status: 200, want: []string{"group:default/z"}},
		{name: "nobody", status: 401, text: "The proxy names nobody"},
		{name: "the provider fails", bearer: "broken", status: 500, text: "An internal error occurred"},
		{name: "no entity ref", bearer: "user:", status: 500, text: "An internal error occurred"},
		{name: "no user", bearer: "group:default/a", status: 500, text: "An internal error occurred"},
		{name: "the catalog fails", failure: errors.New("gone"), bearer: "jane", status: 503, text: "the groups of user:default/jane cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, setup{
				config: noProviders, catalog: &catalog{entity: tc.entity, err: tc.failure},
				options: []auth.Option{auth.WithProvider(byHeader{id: "header", owns: tc.owns})},
			})
			if got := s.plugin.SignInProviders(); !slices.Equal(got, []string{"header"}) {
				t.Errorf("providers %v", got)
			}
			status, _, body := s.do(t, http.MethodPost, "/api/auth/header/refresh", tc.bearer)
			if status != tc.status || !strings.Contains(body, tc.text) || strings.Contains(body, "ldap") {
				t.Fatalf("%d %s", status, body)
			}
			if status != http.StatusOK {
				return
			}
			var answer signIn
			if err := json.Unmarshal([]byte(body), &answer); err != nil {
				t.Fatal(err)
			}
			who := answer.Identity.Identity
			if who.UserEntityRef != "user:default/jane" || !slices.Equal(who.OwnershipEntityRefs, tc.want) {
				t.Errorf("identity %+v", who)
			}
			if len(answer.Profile) != 2 || answer.Profile["displayName"] != "Jane" {
				t.Errorf("profile %v: what is empty must be left out", answer.Profile)
			}
			status, _, body = s.do(t, http.MethodGet, "/api/auth/v1/userinfo", answer.Identity.Token)
			if status != http.StatusOK || !strings.Contains(body, tc.want[0]) {
				t.Errorf("user info: %d %s", status, body)
			}
		})
	}
}

// TestProvidersAreChecked: an id that has no route of its own is refused at start; a provider that is there is no unknown
// one.
func TestProvidersAreChecked(t *testing.T) {
	t.Parallel()
	for _, ids := range [][]string{{"guest"}, {"v1"}, {"Upper"}, {"a/b"}, {""}, {"twice", "twice"}} {
		var options []auth.Option
		for _, id := range ids {
			options = append(options, auth.WithProvider(byHeader{id: id}))
		}
		err := auth.New(options...).Register(t.Context(), &host.Env{ID: "auth", Config: parse(t, noProviders)})
		if err == nil || !strings.Contains(err.Error(), "sign-in provider") {
			t.Errorf("%q: %v", ids, err)
		}
	}
	err := auth.New(auth.WithProvider(byHeader{id: "header"})).CheckConfig(parse(t, noProviders))
	if err == nil || !strings.Contains(err.Error(), `sign-in provider "other" is not supported`) || strings.Contains(err.Error(), `"header"`) ||
		!strings.Contains(err.Error(), "signs in by: guest, header") {
		t.Errorf("%v", err)
	}
}
