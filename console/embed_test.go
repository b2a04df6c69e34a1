//go:build !noconsole

package console

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var unitTest = regexp.MustCompile(`\.test\.tsx?$`)

// sources hashes what scripts/sources.mjs says the built files are made from.
func sources(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		out[filepath.ToSlash(path)] = hex.EncodeToString(sum[:])
	}
	for _, path := range []string{".npmrc", "index.html", "openapi.yaml", "package-lock.json", "package.json", "tsconfig.json", "vite.config.ts"} {
		add(path)
	}
	for _, folder := range []string{"public", "scripts", "src", "types"} {
		err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && entry.Name() == "node_modules":
				return fs.SkipDir
			case !entry.IsDir() && !unitTest.MatchString(path):
				add(path)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestBuiltFilesAreCurrent(t *testing.T) {
	t.Parallel()
	data, err := fs.ReadFile(dist, "dist/sources.json")
	if err != nil {
		t.Fatalf("%v; run make console and commit the result", err)
	}
	built := map[string]string{}
	if err := json.Unmarshal(data, &built); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(built, sources(t)); diff != "" {
		t.Errorf("the sources have changed since dist/ was built; run make console and commit the result\n%s", diff)
	}
}

// The page must be able to load what it names.
func TestThePageNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	fsys, err := builtFiles()
	if err != nil {
		t.Fatal(err)
	}
	page, err := fs.ReadFile(fsys, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(string(page), -1)
	if len(named) < 4 {
		t.Errorf("the page names only %d files", len(named))
	}
	for _, m := range named {
		if _, err := fs.Stat(fsys, strings.TrimPrefix(m[1], Prefix+"/")); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
}

func filesServer(t *testing.T) *fixture {
	t.Helper()
	return start(t, &fakeSystem{}, newCatalog(t), "{}")
}

func TestTheRootLeadsToTheConsole(t *testing.T) {
	t.Parallel()
	f := filesServer(t)
	if res, _ := f.get(t, "/", ""); res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/console/" {
		t.Errorf("GET /: %d %q", res.StatusCode, res.Header.Get("Location"))
	}
	if res, _ := f.get(t, "/nothing", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("GET /nothing: %d", res.StatusCode)
	}
	for path, want := range map[string]string{
		"/catalog/default/component/tracking-api": "/console/catalog/default/component/tracking-api",
		"/catalog/default/component/a%2Fb":        "/console/catalog/default/component/a%2Fb",
	} {
		if res, _ := f.get(t, path, ""); res.StatusCode != http.StatusFound || res.Header.Get("Location") != want {
			t.Errorf("GET %s: %d %q, want %q", path, res.StatusCode, res.Header.Get("Location"), want)
		}
	}
	if res, _ := f.get(t, "/catalog/default/component", ""); res.StatusCode != http.StatusNotFound {
		t.Errorf("GET /catalog/default/component: %d", res.StatusCode)
	}
	res := f.open(t, t.Context(), http.MethodPost, "/", "")
	_ = res.Body.Close()
	if res.StatusCode != http.StatusNotFound {
		t.Errorf("POST /: %d", res.StatusCode)
	}
}

func TestThePageFitsItsSecurityPolicy(t *testing.T) {
	t.Parallel()
	f := filesServer(t)
	_, page := f.get(t, "/console/", "")
	for line := range strings.SplitSeq(page, "\n") {
		if strings.Contains(line, "<script") && !strings.Contains(line, "src=") || strings.Contains(line, "onclick") {
			t.Errorf("an inline script, which script-src 'self' forbids: %s", line)
		}
	}
	if strings.Contains(page, "http://") || strings.Contains(page, "https://") {
		t.Error("the page names another server")
	}
}
