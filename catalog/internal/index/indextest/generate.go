// Package indextest makes synthetic catalogs for the tests and benchmarks of the index and of what reads it.
package indextest

import (
	"crypto/sha1" //nolint:gosec // an etag, as the ledger makes it
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/entity"
)

var (
	types      = []string{"service", "library", "website", "batch", "pipeline"}
	lifecycles = []string{"production", "experimental", "deprecated"}
	languages  = []string{"go", "java", "python", "typescript", "rust", "kotlin", "ruby"}
	words      = []string{
		"billing", "ledger", "payment", "catalog", "search", "gateway", "profile", "session", "invoice", "report",
		"stream", "worker", "cache", "audit", "mailer", "pricing", "stock", "order", "cart", "refund",
	}
)

// Generate returns n finished entities, as the ledger would hand them to the index at positions from 1: mostly
// Components, with APIs, Resources, Systems, Groups and Users among them, each of about 1.7 KB of JSON. The same seed
// gives the same catalog.
func Generate(n int, seed uint64) []index.Change {
	random := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // reproducible on purpose
	changes := make([]index.Change, n)
	for i := range changes {
		changes[i] = Entity(random, i, n)
		changes[i].Position = int64(i + 1)
	}
	return changes
}

// Entity returns the i-th entity of a catalog of n. Its uid and what is not its identity come from random.
func Entity(random *rand.Rand, i, n int) index.Change {
	kind := kindOf(i)
	word := words[i%len(words)]
	name := fmt.Sprintf("%s-%s-%d", word, words[(i/len(words))%len(words)], i)
	team := i % max(1, n/100)
	system := i % max(1, n/20)
	uid := newUID(random)
	ref := strings.ToLower(kind) + ":default/" + name
	spec := fmt.Sprintf(`"type":%q,"lifecycle":%q,"owner":"group:default/team-%d","system":"system-%d",`+
		`"providesApis":["%s-api"],"dependsOn":["resource:default/db-%d","component:default/%s-%d"]`,
		types[random.IntN(len(types))], lifecycles[random.IntN(len(lifecycles))], team, system, name, i%97, word, i/2)
	sum := sha1.Sum([]byte(uid)) //nolint:gosec // see the import
	body := fmt.Sprintf(`{"metadata":{"namespace":"default","annotations":{`+
		`"backstage.io/managed-by-location":"url:https://github.com/acme/%[1]s/blob/main/catalog-info.yaml",`+
		`"backstage.io/managed-by-origin-location":"url:https://github.com/acme/%[1]s/blob/main/catalog-info.yaml",`+
		`"backstage.io/view-url":"https://github.com/acme/%[1]s/blob/main/catalog-info.yaml",`+
		`"backstage.io/edit-url":"https://github.com/acme/%[1]s/edit/main/catalog-info.yaml",`+
		`"backstage.io/source-location":"url:https://github.com/acme/%[1]s/tree/main/",`+
		`"github.com/project-slug":"acme/%[1]s","backstage.io/techdocs-ref":"dir:."},`+
		`"name":"%[1]s","title":"The %[2]s of team %[3]d","description":"Takes part in %[2]s: number %[4]d of the things that team %[3]d looks after.",`+
		`"labels":{"example.com/tier":"%[5]d","app.kubernetes.io/part-of":"system-%[6]d"},"tags":["%[7]s","%[2]s","tier-%[5]d"],`+
		`"links":[{"url":"https://admin.acme.example.com/%[1]s","title":"Admin","icon":"dashboard"}],`+
		`"uid":"%[8]s","etag":"%[9]s"},"apiVersion":"backstage.io/v1alpha1","kind":"%[10]s","spec":{%[11]s},"relations":[`+
		`{"type":"dependsOn","targetRef":"component:default/%[2]s-%[12]d"},{"type":"dependsOn","targetRef":"resource:default/db-%[13]d"},`+
		`{"type":"ownedBy","targetRef":"group:default/team-%[3]d"},{"type":"partOf","targetRef":"system:default/system-%[6]d"},`+
		`{"type":"providesApi","targetRef":"api:default/%[1]s-api"}]}`,
		name, word, team, i, i%4, system, languages[random.IntN(len(languages))], uid, hex.EncodeToString(sum[:]), kind, spec, i/2, i%97)
	return index.Change{Ref: entity.Fold(ref), UID: uid, Body: []byte(body)}
}

func kindOf(i int) string {
	switch i % 20 {
	case 0, 1, 2:
		return "API"
	case 3, 4:
		return "Resource"
	case 5:
		return "System"
	case 6:
		return "Group"
	case 7, 8:
		return "User"
	default:
		return "Component"
	}
}

func newUID(random *rand.Rand) string {
	a, b := random.Uint64(), random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, 0x8000|b>>48&0x3fff, b&0xffffffffffff)
}
