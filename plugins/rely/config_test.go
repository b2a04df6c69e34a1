package rely_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/plugins/rely"
)

const proxy = `proxy:
  endpoints:
    /rely:
      target: https://magneto.rely.io
      headers: {Authorization: 'Bearer ${RELY_TOKEN}'}
`

// check returns the lines that the configuration is answered with: warnings, then mistakes.
func check(t *testing.T, text string, extra ...string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "app-config.yaml"), text)
	write(t, filepath.Join(dir, "base.yaml"), "backend: {baseUrl: 'http://localhost:7007'}")
	for i := 0; i+1 < len(extra); i += 2 {
		write(t, filepath.Join(dir, extra[i]), extra[i+1])
	}
	b := backend.New(backend.WithConfigFiles(filepath.Join(dir, "base.yaml"), filepath.Join(dir, "app-config.yaml")), backend.WithEnviron([]string{"RELY_TOKEN=abcdefgh"})).Add(rely.New())
	warnings, err := b.Check()
	var lines []string
	for _, w := range warnings {
		lines = append(lines, "warning: "+w.Error())
	}
	if err != nil {
		lines = append(lines, err.Error())
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), dir+"/", "")
}

// Each mistake is one line that tells the place and the way out (acceptance 7).
func TestMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing wrong": {proxy + "rely: {cron: {enabled: true, schedule: '0 * * * *'}}", ""},
		"six fields":    {proxy + "rely: {cron: {enabled: true, schedule: '0 0 * * * *', timezone: Europe/Lisbon}}", ""},
		"bad cron": {
			proxy + "rely:\n  cron:\n    enabled: true\n    schedule: 'every hour'",
			"app-config.yaml:9: rely.cron.schedule: invalid cron expression 'every hour': expected 5 to 6 fields, found 2: [every hour]; write five fields, such as '0 * * * *', or six with leading seconds",
		},
		"no cron":   {proxy + "rely:\n  cron: {enabled: true}", "app-config.yaml:7: rely.cron.schedule: is required where rely.cron.enabled is true; for each hour, write '0 * * * *'"},
		"time zone": {proxy + "rely:\n  cron: {schedule: '@daily', timezone: Lisbon}", `app-config.yaml:7: rely.cron.timezone: there is no time zone "Lisbon"; write a name such as UTC or Europe/Lisbon`},
		"unknown key": {
			proxy + "rely:\n  cron: {enabled: false}\n  entityFilter: []",
			"app-config.yaml:8: rely.entityFilter: unknown key; did you mean 'entityFilters'?",
		},
		"bad filter": {
			proxy + "rely:\n  entityFilters:\n    - component",
			"app-config.yaml:7: rely.entityFilters: expected an object of keys and values, or a list of such objects, got string; write a list of records, such as {kind: [component, api]}",
		},
		"values that are no texts": {
			proxy + "rely:\n  entityFilters:\n    - kind: component\n      metadata.annotations.x: true\n    - kind: CATALOG_FILTER_EXISTS\n    - {spec.type: [1, library]}\n    - {spec.type: 2}",
			"warning: app-config.yaml:9: rely.entityFilters[0].metadata.annotations.x: true is no text, and is skipped as Backstage does; put it in quotes if it is meant as a text; conditions go into rely.query\n" +
				`warning: app-config.yaml:10: rely.entityFilters[1].kind: "CATALOG_FILTER_EXISTS" is taken as a plain text; to ask whether a key exists, use rely.query: {<key>: {$exists: true}}` + "\n" +
				"warning: app-config.yaml:11: rely.entityFilters[2].spec.type[0]: 1 is no text, and is skipped as Backstage does; put it in quotes if it is meant as a text; conditions go into rely.query\n" +
				"warning: app-config.yaml:12: rely.entityFilters[3]: nothing is left of this record, so it is skipped; a filter without conditions selects nothing by itself\n" +
				"warning: app-config.yaml:12: rely.entityFilters[3].spec.type: 2 is no text, and is skipped as Backstage does; put it in quotes if it is meant as a text; conditions go into rely.query",
		},
		"bad query": {proxy + "rely:\n  query: {$any: 1}", `app-config.yaml:7: rely.query: Invalid query: `},
		"bad jq":    {proxy + "rely:\n  idStrategy: .metadata.name |", "app-config.yaml:7: rely.idStrategy: jq: unexpected EOF (column 17); use ref, name or a jq expression"},
		"bad mapping": {
			proxy + "rely:\n  mapping: rely-mapping.yaml",
			`app-config.yaml:7: rely.mapping: rely-mapping.yaml: kinds.component.properties.tier: function not defined: shout/0 (column 18)`,
		},
		"bad mappings": {
			proxy + "rely:\n  mapping: bad.yaml",
			"app-config.yaml:7: rely.mapping: bad.yaml: common.properties.a: function not defined: x/0 (column 1)\n" +
				"app-config.yaml:7: rely.mapping: bad.yaml: kinds.api.properties.b: function not defined: y/0 (column 1)\n" +
				"app-config.yaml:7: rely.mapping: bad.yaml: kinds.component.properties.c: function not defined: z/0 (column 1)",
		},
		"no mapping":  {proxy + "rely:\n  mapping: nativ", "app-config.yaml:7: rely.mapping: there is no file nativ; use native, mirror, or the path of a mapping file"},
		"no proxy":    {"rely: {}", "app-config.yaml:1: proxy.endpoints./rely: is required where the section rely is present; add proxy.endpoints./rely with target https://magneto.rely.io and headers.Authorization 'Bearer ${RELY_TOKEN}'"},
		"placeholder": {"proxy:\n  /rely:\n    target: https://magneto.rely.io\n    headers:\n      Authorization: Bearer <token>\nrely: {}", "app-config.yaml:5: proxy./rely.headers.Authorization: still holds the placeholder of the documentation; create a token at https://webapp.rely.io/settings and write Authorization: Bearer ${RELY_TOKEN}"},
		"no key":      {"proxy:\n  /rely:\n    target: https://magneto.rely.io\nrely: {}", "app-config.yaml:2: proxy./rely.headers.Authorization: is required; create a token at https://webapp.rely.io/settings and write Authorization: Bearer ${RELY_TOKEN}"},
		"unset variable": {
			"proxy:\n  /rely:\n    target: https://magneto.rely.io\n    headers:\n      Authorization: Bearer ${OTHER}\nrely: {}",
			"app-config.yaml:5: proxy./rely.headers.Authorization: is required; missing because ${OTHER} is not set",
		},
		"no target":  {"proxy:\n  /rely:\n    headers: {Authorization: Bearer x}\nrely: {}", "app-config.yaml:2: proxy./rely.target: is required; write https://magneto.rely.io"},
		"bad target": {"proxy:\n  /rely:\n    target: magneto.rely.io\n    headers: {Authorization: Bearer x}\nrely: {}", "app-config.yaml:3: proxy./rely.target: must begin with http:// or https:// and a host; write https://magneto.rely.io"},
		"plain http": {"proxy:\n  /rely:\n    target: http://rely.acme.dev\n    headers: {Authorization: Bearer x}\nrely: {}", "warning: app-config.yaml:3: proxy./rely.target: the key travels without encryption; use https"},
		"insecure":   {"proxy:\n  /rely:\n    target: https://rely.acme.dev\n    secure: false\n    headers: {Authorization: Bearer x}\nrely: {}", "warning: app-config.yaml:4: proxy./rely.secure: the target's certificate is not checked; anybody on the way can read the key"},
		"both forms": {
			"proxy:\n  /rely: {target: https://old, headers: {Authorization: Bearer x}}\n  endpoints:\n    /rely: {target: https://new, headers: {Authorization: Bearer y}}\nrely: {}",
			"warning: app-config.yaml:2: proxy./rely: is ignored, as Backstage does, because proxy.endpoints exists; remove it, or move it there",
		},
		"only the ignored form": {
			"proxy:\n  /rely: {target: https://old, headers: {Authorization: Bearer x}}\n  endpoints:\n    /other: {target: https://other}\nrely: {}",
			"warning: app-config.yaml:2: proxy./rely: is ignored, as Backstage does, because proxy.endpoints exists; remove it, or move it there\n" +
				"warning: app-config.yaml:3: proxy.endpoints: has no effect in this release; docs/configuration.md lists what is read\n" +
				"app-config.yaml:3: proxy.endpoints./rely: is required where the section rely is present; add proxy.endpoints./rely with target https://magneto.rely.io and headers.Authorization 'Bearer ${RELY_TOKEN}'",
		},
		"deletions":            {proxy + "rely:\n  deletions: {policy: hide}", "app-config.yaml:7: rely.deletions.policy: hide is not in this release; leave the key out: what is gone from the catalog stays in Rely"},
		"no deletions":         {proxy + "rely:\n  deletions: {policy: none, maxFraction: 0.1, maxCount: 500}", ""},
		"mode":                 {proxy + "rely:\n  api: {mode: fast}", `app-config.yaml:7: rely.api.mode: unknown value "fast"; use one of auto, tasks, bulk, raw`},
		"users":                {proxy + "rely:\n  users: some", `app-config.yaml:7: rely.users: unknown value "some"; use one of full, pseudonymous, omit`},
		"clearing":             {proxy + "rely:\n  clearing: never", `app-config.yaml:7: rely.clearing: unknown value "never"; use one of null, replace`},
		"null":                 {proxy + "rely:\n  clearing: null", ""},
		"limits":               {proxy + "rely:\n  limits: {maxEntities: 0}", "app-config.yaml:7: rely.limits.maxEntities: 0 is not between 1 and 10000"},
		"gzip twice":           {proxy + "rely:\n  gzip: true\n  syncWithGzip: false", "app-config.yaml:8: rely.syncWithGzip: says the opposite of rely.gzip, which means the same; keep one of them"},
		"rewrite":              {"proxy:\n  /rely:\n    target: https://x\n    pathRewrite: {'^/(?=api)': /}\n    headers: {Authorization: Bearer x}\nrely: {}", "app-config.yaml:4: proxy./rely.pathRewrite.^/(?=api): the expression is not supported: error parsing regexp: invalid or unsupported Perl syntax: `(?=`"},
		"rewrite is no object": {"proxy:\n  /rely:\n    target: https://x\n    pathRewrite: [a]\n    headers: {Authorization: Bearer x}\nrely: {}", "app-config.yaml:4: proxy./rely.pathRewrite: an object is wanted here; write expressions and what takes their place, such as {'^/api/proxy/rely': /}"},
		"no rewrites":          {"proxy:\n  /rely:\n    target: https://x\n    pathRewrite: {}\n    headers: {Authorization: Bearer x}\nrely: {}", ""},
		"rewrite to no text":   {"proxy:\n  /rely:\n    target: https://x\n    pathRewrite: {'^/x': 5}\n    headers: {Authorization: Bearer x}\nrely: {}", "app-config.yaml:4: proxy./rely.pathRewrite.^/x: a text is wanted here"},
		"secure":               {"proxy:\n  /rely:\n    target: https://x\n    secure: maybe\n    headers: {Authorization: Bearer x}\nrely: {}", "app-config.yaml:4: proxy./rely.secure: cannot be read as a boolean; write true or false"},
		"another placeholder":  {"proxy:\n  /rely:\n    target: https://x\n    headers: {Authorization: Bearer x, X-Tenant: <tenant>}\nrely: {}", "app-config.yaml:4: proxy./rely.headers.X-Tenant: still holds a placeholder; write the value that X-Tenant is to have, or remove the header if nothing asks for it"},
		"bad globs": {
			proxy + "rely:\n  fields:\n    deny:\n      - ''\n      - ' x'\n      - 'a[*'\n      - 'metadata..x'\n      - '*'\n      - 'META*'\n      - properties.tags\n      - 'metadata.labels.*'",
			"app-config.yaml:9: rely.fields.deny[0]: is empty, wanted string; leave the key out if there is nothing to set\n" +
				"app-config.yaml:10: rely.fields.deny[1]: has spaces around it; write a path with * for any text, such as metadata.annotations.*token*\n" +
				"app-config.yaml:11: rely.fields.deny[2]: is no path: * is all that stands for other text; write a path with * for any text, such as metadata.annotations.*token*\n" +
				"app-config.yaml:12: rely.fields.deny[3]: has an empty name in it; write a path with * for any text, such as metadata.annotations.*token*\n" +
				"app-config.yaml:13: rely.fields.deny[4]: would leave out kind, without which nothing can be sent; write a path with * for any text, such as metadata.annotations.*token*\n" +
				"app-config.yaml:14: rely.fields.deny[5]: would leave out metadata, without which nothing can be sent; write a path with * for any text, such as metadata.annotations.*token*\n" +
				"app-config.yaml:15: rely.fields.deny[6]: is a path of what is sent; paths are those of the catalog's entities; write a path with * for any text, such as metadata.annotations.*token*",
		},
		"all at once": {
			proxy + "rely:\n  gzip: maybe\n  limits: {maxEntities: 0}\n  api: {mode: fast}\n  migrate: 5\n  cron: {enabled: 7, schedule: hourly}",
			"app-config.yaml:7: rely.gzip: \"maybe\" cannot be read as a boolean; write true or false\n" +
				"app-config.yaml:8: rely.limits.maxEntities: 0 is not between 1 and 10000\n" +
				"app-config.yaml:9: rely.api.mode: unknown value \"fast\"; use one of auto, tasks, bulk, raw\n" +
				"app-config.yaml:10: rely.migrate: got number, wanted object\n" +
				"app-config.yaml:11: rely.cron.enabled: \"7\" cannot be read as a boolean; write true or false\n" +
				"app-config.yaml:11: rely.cron.schedule: invalid cron expression 'hourly': expected 5 to 6 fields, found 1: [hourly]; write five fields, such as '0 * * * *', or six with leading seconds",
		},
		"export": {proxy + "rely: {}\nexport: {foo: 1}", "warning: app-config.yaml:7: export: has no effect in this release; docs/configuration.md lists what is read"},
		"off":    {"proxy:\n  /rely: {target: nonsense}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := check(t, c.text, "rely-mapping.yaml", "kinds: {component: {properties: {tier: '.metadata.name | shout'}}}",
				"bad.yaml", "common: {properties: {a: x}}\nkinds: {api: {properties: {b: y}}, component: {properties: {c: z}}}")
			if got != c.want && (c.want == "" || !strings.HasSuffix(c.want, ": ") || !strings.HasPrefix(got, c.want)) {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A value that is told never shows the key.
func TestMistakesHideTheKey(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"proxy:\n  /rely: {target: 'https://user:hush-hush@x', headers: {Authorization: Bearer hush-hush}}\nrely: {}",
		"proxy:\n  /rely: {target: https://x, headers: {Authorization: 'Bearer <hush-hush>'}}\nrely: {}",
		"proxy:\n  /rely: {target: https://x, headers: {Authorization: ['hush-hush']}}\nrely: {}",
	} {
		if got := check(t, text); got == "" || strings.Contains(got, "hush") {
			t.Errorf("%s\n%s", text, got)
		}
	}
}

func Example() {
	fmt.Println(rely.New().ID(), rely.New().Mounts())
	// Output: rely [rely-migration-plugin]
}
