package rely_test

import (
	"net/http"
	"strings"
	"testing"

	simulator "github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

// entities has seven, and the location that they came from.
const entities = `
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: Payments, namespace: money, title: Payments, annotations: {backstage.io/source-location: 'url:https://git.acme.dev/pay/', acme/api-token: secret}}
spec: {type: service, lifecycle: production, owner: 'group:default/pay', system: 'system:default/bank', dependsOn: ['resource:default/db', 'component:default/other']}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: other}
spec: {type: website, lifecycle: experimental, owner: 'user:default/uma'}
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: pay}
spec: {type: team, children: [], profile: {email: pay@acme.dev}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: uma}
spec: {profile: {displayName: Uma}, memberOf: [pay]}
---
apiVersion: backstage.io/v1alpha1
kind: System
metadata: {name: bank}
spec: {owner: pay}
---
apiVersion: backstage.io/v1alpha1
kind: Resource
metadata: {name: db}
spec: {type: database, owner: pay}
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata: {name: api}
spec: {type: openapi, lifecycle: production, owner: pay, definition: 'openapi: 3.0.3'}
`

// known is what the catalog has of entities: with their location.
const known = 8

// quick is a simulator that does not keep tests waiting.
func quick() simulator.Options {
	return simulator.Options{Timers: &simulator.Timers{}}
}

// Acceptance 2: the configuration of the page with the proxy entry at the root.
func TestThePageWithARootEntry(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, quick())
	p := serve(t, sim, read(t, "testdata/page-root.yaml"), entities)
	p.settled(known)
	r := p.migrate("")
	if r.Status != "succeeded" || r.Counts.Sent != 7 || r.Counts.Skipped != 1 || r.Mode != "tasks" {
		t.Errorf("run %+v", r)
	}
	p.sameDigest(sim)
	if r.Counts.WireBytes >= r.Counts.Bytes {
		t.Errorf("%d bytes were sent as %d, with syncWithGzip", r.Counts.Bytes, r.Counts.WireBytes)
	}
	if stats := sim.Stats(); stats.Violations != 0 {
		t.Errorf("violations: %+v", stats)
	}
	payments, _ := sim.Entity("component.money.payments")
	for _, want := range []string{
		`"ownerTeam":{"value":"group.default.pay"}`, `"system":{"value":"system.default.bank"}`, `"dependsOnComponents":{"value":["component.default.other"]}`,
		`"backstageUrl":"https://portal.acme.dev/catalog/money/component/Payments"`, `"repoLink":"https://git.acme.dev/pay/"`,
	} {
		if !strings.Contains(string(payments), want) {
			t.Errorf("%s is not in %s", want, payments)
		}
	}
	if strings.Contains(string(payments), "token") {
		t.Errorf("the token has got out: %s", payments)
	}
	if strings.Contains(p.log.String(), simulator.Token) {
		t.Error("the key is in the log")
	}

	before := len(sim.Requests())
	if r := p.migrate(""); r.Status != "succeeded" || r.Counts.Unchanged != 7 || r.Counts.Requests != 0 || len(sim.Requests()) != before {
		t.Errorf("unchanged: %+v, and %d requests", r, len(sim.Requests())-before)
	}
	var status struct {
		Target, Mode string
		Gzip         bool
		Token        struct{ State string }
		Schedule     struct {
			Enabled              bool
			Cron, Timezone, Next string
		}
	}
	if code, body := p.send(http.MethodGet, "/api/rely/status", serviceToken, &status); code != http.StatusOK || status.Target != sim.URL || !status.Gzip ||
		status.Token.State != "accepted" || !status.Schedule.Enabled || status.Schedule.Cron != "0 * * * *" || status.Schedule.Timezone != "UTC" || status.Schedule.Next == "" {
		t.Errorf("status %d %s", code, body)
	}
}

// Acceptance 2: the same below proxy.endpoints, with a list of kinds, and with a name and a namespace.
func TestThePageWithEndpointsAndFilters(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, quick())
	p := serve(t, sim, read(t, "testdata/page-endpoints.yaml"), entities)
	p.settled(known)
	r := p.migrate("")
	got := strings.Join(sim.IDs(), " ")
	if r.Status != "succeeded" || got != "component.money.payments group.default.pay user.default.uma" {
		t.Errorf("run %+v; sent %s", r, got)
	}
	p.sameDigest(sim)
}

// Both mounts are one, and neither lets strangers start anything.
func TestMigrateAtBothMounts(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, quick())
	p := serve(t, sim, read(t, "testdata/page-endpoints.yaml"), entities)
	p.settled(known)
	for _, mount := range []string{"/api/rely", "/api/rely-migration-plugin"} {
		code, body := p.send(http.MethodPost, mount+"/migrate", "", nil)
		if code != http.StatusUnauthorized || !strings.Contains(body, "rely.migrate.allowUnauthenticated") || !strings.Contains(body, mount+"/migrate") {
			t.Errorf("%s without a token: %d %s", mount, code, body)
		}
		if code, body = p.send(http.MethodGet, mount+"/migrate?wait=60s", serviceToken, nil); code != http.StatusOK || !strings.Contains(body, `"succeeded"`) {
			t.Errorf("%s with a token: %d %s", mount, code, body)
		}
	}
	if got := len(sim.IDs()); got != 3 {
		t.Errorf("%d entities", got)
	}
}

// Without its section the plugin is off.
func TestAbsentMeansOff(t *testing.T) {
	t.Parallel()
	sim := relytest.Start(t, quick())
	p := serve(t, sim, "organization: {name: Acme}", entities)
	if code, _ := p.send(http.MethodGet, "/api/rely/status", serviceToken, nil); code != http.StatusNotFound {
		t.Errorf("status answers %d", code)
	}
}
