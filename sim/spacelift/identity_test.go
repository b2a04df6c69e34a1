package spacelift_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/sim/spacelift"
)

func TestExchange(t *testing.T) {
	c := start(t, spacelift.Options{BaseURL: "https://acme.app.spacelift.io", Now: func() time.Time { return fixed().Add(123 * time.Millisecond) }})
	got := c.ask(exchange, map[string]any{"id": "01UNKNOWN", "secret": "x"})
	if got.message() != "" || got.at("apiKeyUser") != nil {
		t.Errorf("unknown id: %+v", got)
	}
	got = c.ask(exchange, map[string]any{"id": spacelift.AdminKey, "secret": "wrong"})
	if got.message() != "unauthorized" {
		t.Errorf("wrong secret: %+v", got)
	}
	for key, ttl := range map[string]time.Duration{spacelift.AdminKey: time.Hour, spacelift.ShortKey: time.Minute} {
		got = c.ask(exchange, map[string]any{"id": key, "secret": spacelift.Secret})
		if until := got.at("apiKeyUser", "validUntil"); until != float64(fixed().Add(ttl).Unix()) {
			t.Errorf("valid until %v", until)
		}
		body, err := base64.RawURLEncoding.DecodeString(strings.Split(got.at("apiKeyUser", "jwt").(string), ".")[1])
		if err != nil {
			t.Fatal(err)
		}
		var claims map[string]any
		if err := json.Unmarshal(body, &claims); err != nil {
			t.Fatal(err)
		}
		if claims["iat"] != float64(fixed().Unix())+0.123 || claims["iss"] != "api-key" || claims["sub"] != "api::"+key ||
			fmt.Sprint(claims["aud"]) != "[https://acme.app.spacelift.io]" {
			t.Errorf("claims %v", claims)
		}
	}
	got = c.ask(`mutation { oauthUser(token: "`+spacelift.OAuthToken+`") { id jwt } }`, nil)
	c.token, _ = got.at("oauthUser", "jwt").(string)
	if got := c.ask(viewerQuery, nil); got.at("viewer", "name") != "Ada Okafor" {
		t.Errorf("viewer %+v", got)
	}
	c.ask(`mutation { logout { id } }`, nil)
	if got := c.ask(viewerQuery, nil); got.at("viewer") != nil {
		t.Errorf("after logout: %+v", got)
	}
}

// TestAnonymous is the trap of spacelift.md 5.3: an expired token gets empty lists, and no error.
func TestAnonymous(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	valid := c.token
	anonymous := func(t *testing.T) {
		t.Helper()
		got := c.ask(`{ viewer { id } stacks { id } spaces { id } searchStacks(input: {}) { edges { node { id } } pageInfo { hasNextPage } }
			searchRuns(input: {}) { edges { node { isModule } } } }`, nil)
		want := `map[searchRuns:map[edges:[]] searchStacks:map[edges:[] pageInfo:map[hasNextPage:false]] spaces:[] stacks:[] viewer:<nil>]`
		if got.message() != "" || fmt.Sprint(got.Data) != want {
			t.Errorf("got %+v", got)
		}
		for _, query := range []string{
			`{ stack(id: "prod-network") { id } }`, `mutation { runTrigger(stack: "prod-network") { id } }`,
			`mutation { stackLock(id: "prod-network") { id } }`,
		} {
			if got := c.ask(query, nil); got.message() != "unauthorized" {
				t.Errorf("%s: %+v", query, got)
			}
		}
	}
	for name, token := range map[string]string{"absent": "", "garbage": "x.y.z", "forged": valid[:len(valid)-4] + "AAAA"} {
		t.Run(name, func(t *testing.T) { c.token = token; anonymous(t) })
	}
	t.Run("expired", func(t *testing.T) {
		c.token = valid
		c.sim.Advance(time.Hour)
		anonymous(t)
	})
}

func TestRoles(t *testing.T) {
	c := start(t, spacelift.Options{Preset: spacelift.Demo})
	c.login(spacelift.ReaderKey)
	if got := c.ask(trigger, map[string]any{"stack": "prod-dns"}); got.message() != "unauthorized" {
		t.Errorf("trigger: %+v", got)
	}
	got := c.ask(`{ viewer { id } stack(id: "prod-dns") { canWrite runs { canConfirm } } }`, nil)
	if got.at("viewer", "id") != "api::"+spacelift.ReaderKey || got.at("stack", "canWrite") != false {
		t.Errorf("got %+v", got)
	}
	// A reader may comment, and stop what is only proposed (spacelift.md 5.7).
	proposed := c.sim.Runs("prod-web-shop")[0]
	if got := c.ask(remark, map[string]any{"stack": "prod-web-shop", "run": proposed.ID, "body": "hm"}); got.message() != "" {
		t.Errorf("comment: %+v", got)
	}
	got = c.ask(stop, map[string]any{"stack": "prod-web-shop", "run": proposed.ID})
	if !strings.Contains(got.message(), "CANCELED") {
		t.Errorf("stop of a proposed run: %+v", got)
	}
	tracked := c.sim.Runs("prod-dns")[0]
	if tracked.Type != "TRACKED" {
		t.Fatalf("run %+v", tracked)
	}
	if got := c.ask(stop, map[string]any{"stack": "prod-dns", "run": tracked.ID}); got.message() != "unauthorized" {
		t.Errorf("stop of a tracked run: %+v", got)
	}
}

func TestScope(t *testing.T) {
	all := start(t, spacelift.Options{Preset: spacelift.Demo})
	spaces := all.ask(`{ spaces { id name } }`, nil)
	var commerce string
	for n := range 6 {
		if spaces.at("spaces", n, "name") == "commerce" {
			commerce, _ = spaces.at("spaces", n, "id").(string)
		}
	}
	c := &client{t: t}
	c.sim = start(t, spacelift.Options{Preset: spacelift.Demo, Now: all.sim.Now, Keys: []spacelift.Key{
		{ID: "01TEAM", Secret: spacelift.Secret, Name: "team", Spaces: map[string]spacelift.Role{commerce: spacelift.Writer}},
	}}).sim
	c.login("01TEAM")
	got := c.ask(`{ spaces { name } stacks { id canWrite spaceDetails { name } } stack(id: "prod-dns") { id } }`, nil)
	stacks, _ := got.at("stacks").([]any)
	if len(stacks) != 9 || got.at("stack") != nil || got.message() != "" || len(got.at("spaces").([]any)) != 2 {
		t.Errorf("%d stacks: %+v", len(stacks), got)
	}
	if got := c.ask(trigger, map[string]any{"stack": "prod-pricing-db"}); got.message() != "" {
		t.Errorf("a space below: %+v", got)
	}
	if got := c.ask(trigger, map[string]any{"stack": "prod-dns"}); got.message() != "not found" {
		t.Errorf("another space: %+v", got)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	key := spacelift.Key{ID: "01X", Secret: "hush", Name: "x"}
	if shown := fmt.Sprintf("%v %+v %#v %s", key, key, key, key.LogValue()); strings.Contains(shown, "hush") {
		t.Error(shown)
	}
	c := start(t, spacelift.Options{})
	raw, err := json.Marshal(c.sim.Requests())
	if err != nil || strings.Contains(string(raw), spacelift.Secret) || strings.Contains(string(raw), c.token) {
		t.Errorf("journal %s %v", raw, err)
	}
}
