package ingest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/database"
	"github.com/understudy-portal/understudy/host/database/databasetest"
)

// TestGolden ingests the catalog that the Node backend was recorded on, takes the file of the orphan away as the recorder
// did, and compares every recorded entity, in the order of keys.
func TestGolden(t *testing.T) {
	t.Parallel()
	databasetest.Run(t, func(t *testing.T, open func() *database.Database) {
		dir := t.TempDir()
		root := filepath.Join("..", "..", "..", "test", "golden")
		if err := os.CopyFS(dir, os.DirFS(filepath.Join(root, "catalog"))); err != nil {
			t.Fatal(err)
		}
		f := newFixture(t, open(), func(o *fixtureOptions) {
			o.keepOrphans = true
			o.rules = []ingest.Rule{{Allow: kinds("Component", "API", "Resource", "System", "Domain", "Group", "User", "Location", "Spaceship")}}
		})
		var locations []entity.LocationRef
		for _, name := range []string{"location", "broken", "notallowed", "duplicate"} {
			locations = append(locations, entity.LocationRef{Type: "file", Target: filepath.Join(dir, name+".yaml")})
		}
		f.connect(t, &ingest.ConfigLocations{Locations: locations})
		f.settle(t)
		// The recorder's invalid.yaml and apis.yaml hold entities that fail; orphan.yaml is taken from the targets.
		edit(t, filepath.Join(dir, "location.yaml"), func(s string) string {
			return regexp.MustCompile(`(?m)^.*orphan\.yaml.*\n`).ReplaceAllString(s, "")
		})
		f.sweep(t)
		f.settle(t)

		want := recorded(t, filepath.Join(root, "entities.json"), filepath.Join(root, "by-query.json"))
		got := f.finals(t)
		for ref, body := range got {
			got[ref] = normalize(strings.ReplaceAll(body, dir, "/golden/catalog"))
		}
		byName := make(map[string][]string)
		for _, g := range got {
			name := nameOf(t, g)
			byName[name] = append(byName[name], g)
		}
		for _, w := range want {
			w = normalize(w)
			candidates := byName[nameOf(t, w)]
			if !slices.Contains(candidates, w) {
				t.Errorf("%s differs (-recorded +ours):\n%s", nameOf(t, w), cmp.Diff([]string{w}, candidates))
			}
		}
		if n := len(distinct(want)); n < 20 || len(got) != n {
			t.Errorf("%d entities were recorded, %d ingested: %s", n, len(got), f.refs(t))
		}
	})
}

func nameOf(t *testing.T, body string) string {
	t.Helper()
	o, err := entity.ParseObject([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return entity.FromObject(o).Name()
}

func distinct(bodies []string) map[string]bool {
	set := make(map[string]bool)
	for _, b := range bodies {
		set[normalize(b)] = true
	}
	return set
}

var changing = regexp.MustCompile(`"(uid|etag)":"[^"]*"|generated-[0-9a-f]{40}`)

// normalize takes out what differs from run to run: uids, etags, and names made of a path's hash.
func normalize(body string) string {
	return changing.ReplaceAllStringFunc(body, func(s string) string {
		if name, _, ok := strings.Cut(s, ":"); ok {
			return name + `:"…"`
		}
		return "generated-…"
	})
}

// recorded returns every whole entity in the recorded answers, as compact JSON in the wire's order.
func recorded(t *testing.T, files ...string) []string {
	t.Helper()
	var bodies []string
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				walk(item)
			}
		case *entity.Object:
			if v.Path("metadata", "uid") != nil && v.Path("relations") != nil && v.Path("spec") != nil && v.Path("apiVersion") != nil {
				bodies = append(bodies, string(entity.AppendJSON(nil, v)))
				return
			}
			for _, item := range v.All() {
				walk(item)
			}
		}
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var pairs []struct {
			Response struct{ Body json.RawMessage }
		}
		if err := json.Unmarshal(data, &pairs); err != nil {
			t.Fatal(err)
		}
		for _, p := range pairs {
			v, err := entity.ParseJSON(p.Response.Body)
			if err != nil {
				continue // not every answer is JSON
			}
			walk(v)
		}
	}
	return bodies
}
