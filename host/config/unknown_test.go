package config_test

import (
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/config"
)

func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ yaml, want string }{
		{"understudy: {dataDri: x}", "error app-config.yaml:1: understudy.dataDri: unknown key; did you mean 'dataDir'?"},
		{"understudy: {metrics: {port: 1}}", "error app-config.yaml:1: understudy.metrics.port: unknown key; known are listen"},
		{"spacelift: {hosturl: x, readOnly: true}", "error app-config.yaml:1: spacelift.hosturl: unknown key; did you mean 'hostUrl'?"},
		{"rely: {entityFilters: [{anything: x}], cron: {shedule: x}}", "error app-config.yaml:1: rely.cron.shedule: unknown key; did you mean 'schedule'?"},
		{"export: {destinations: {lake: {anything: 1}}, destination: {}}", ""},
		{"backend:\n  listn: 1\n", "warning app-config.yaml:2: backend.listn: unknown key; did you mean 'listen'?"},
		{"backend: {cors: {origins: x, Methods: []}}", "warning app-config.yaml:1: backend.cors.origins: unknown key; did you mean 'origin'?\nwarning app-config.yaml:1: backend.cors.Methods: unknown key; did you mean 'methods'?"},
		{"backend: {database: {connection: {anything: 1}, plugin: {catalog: {clinet: pg}}}}", "warning app-config.yaml:1: backend.database.plugin.catalog.clinet: unknown key; did you mean 'client'?"},
		{"backend: {auth: {externalAccess: [{type: static, options: {tokn: x}}, {typ: x}]}}", "warning app-config.yaml:1: backend.auth.externalAccess[0].options.tokn: unknown key; did you mean 'token'?\nwarning app-config.yaml:1: backend.auth.externalAccess[1].typ: unknown key; did you mean 'type'?"},
		{"backend: {csp: {connect-src: []}, listen: ':7007', server: {timeout: {minutes: 1}}}", ""},
		{"catalog: {providers: {github: {x: {y: 1}}}, rules: [{allow: [A], location: x}]}", "warning app-config.yaml:1: catalog.rules[0].location: unknown key; did you mean 'locations'?"},
		{"catalog: {somethingElse: 1, locatons: []}", "warning app-config.yaml:1: catalog.locatons: unknown key; did you mean 'locations'?"},
		{"catalog: {processingInterval: {minutes: 5}, scmEvents: true}", ""},
		{"proxy: {/old: {target: x}, endpoints: {/new: {whatever: 1}}, skipInvalidProxys: true}", "warning app-config.yaml:1: proxy.skipInvalidProxys: unknown key; did you mean 'skipInvalidProxies'?"},
		{"discovery: {endpoints: [{target: {intern: x}, plugins: []}]}", "warning app-config.yaml:1: discovery.endpoints[0].target.intern: unknown key; did you mean 'internal'?"},
		{"integrations: {github: [{host: x, anything: y}]}", ""},
		{"permission: {enable: true, rbac: {x: 1}}", "warning app-config.yaml:1: permission.enable: unknown key; did you mean 'enabled'?"},
		{"app: {title: x, datadogRum: {}}", ""},
		{"techdocs: {builder: x}\nmyPlugin: {a: 1}\nscaffolder: {}", ""},
		{"spacelfit: {}", "warning app-config.yaml:1: spacelfit: unknown section; did you mean 'spacelift'?"},
		{"Backend: {}", "warning app-config.yaml:1: Backend: unknown section; did you mean 'backend'?"},
		{"reply: {}\nrelay: {}\nrelyx: {}", "warning app-config.yaml:1: reply: unknown section; did you mean 'rely'?\nwarning app-config.yaml:2: relay: unknown section; did you mean 'rely'?\nwarning app-config.yaml:3: relyx: unknown section; did you mean 'rely'?"},
		{"ap: {}\nx: {}", ""},
		{"backend: text", ""},
		{"", ""},
	} {
		var lines []string
		for _, p := range config.UnknownKeys(parse(t, tc.yaml)) {
			kind := "error "
			if p.Warning {
				kind = "warning "
			}
			lines = append(lines, kind+p.Error())
		}
		if got := strings.Join(lines, "\n"); got != tc.want {
			t.Errorf("%s:\n got %s\nwant %s", tc.yaml, got, tc.want)
		}
	}
	c := parse(t, "spacelift: {x: 1}\nrely: {x: 1}\n")
	if ps := config.UnknownKeys(c, "spacelift", "export"); len(ps) != 1 || ps[0].Path != "rely.x" {
		t.Errorf("a section that its owner checks is left to it: %v", ps)
	}
}

// A configuration as upstream's own template has it must not be found fault with.
func TestStockConfigIsKnown(t *testing.T) {
	t.Parallel()
	c := parse(t, `
app: { title: Scaffolded Backstage App, baseUrl: 'http://localhost:3000', extensions: [ 'page:home' ], packages: all, support: { url: x, items: [{ title: a, icon: b, links: [{ url: c, title: d }] }] } }
organization: { name: My Company }
backend:
  auth: { keys: [{ secret: abc }], dangerouslyDisableDefaultAuthPolicy: false }
  baseUrl: http://localhost:7007
  listen: { port: 7007, host: 127.0.0.1 }
  csp: { connect-src: ["'self'", 'http:', 'https:'], upgrade-insecure-requests: false }
  cors: { origin: 'http://localhost:3000', methods: [GET, HEAD], credentials: true }
  database: { client: better-sqlite3, connection: ':memory:', knexConfig: { pool: { min: 3 } } }
  reading: { allow: [{ host: example.com, paths: [/a] }] }
  cache: { store: memory, defaultTtl: 3600000 }
  actions: { pluginSources: [catalog] }
integrations: { github: [{ host: github.com, token: x }] }
proxy: { endpoints: { /test: { target: 'https://example.com', changeOrigin: true } } }
techdocs: { builder: local, generator: { runIn: docker }, publisher: { type: local } }
auth: { providers: { guest: {} }, environment: development }
scaffolder: {}
catalog:
  import: { entityFilename: catalog-info.yaml, pullRequestBranchName: backstage-integration }
  rules: [{ allow: [Component, System, API, Resource, Location] }]
  locations: [{ type: file, target: ../../examples/org.yaml, rules: [{ allow: [User, Group] }] }]
kubernetes: { serviceLocatorMethod: { type: multiTenant } }
permission: { enabled: true }
`)
	if ps := config.UnknownKeys(c); len(ps) > 0 {
		t.Errorf("found fault:\n%s", ps)
	}
}
