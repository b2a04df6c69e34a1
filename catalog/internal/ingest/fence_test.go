package ingest_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-portal/understudy/entity"
)

func link(t testing.TB, to, at string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

// TestFence: what a descriptor names must lie in the folder of the location that is configured.
func TestFence(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		secret := filepath.Join(dir, "outside", "secret.yaml")
		write(t, secret, component("secret"))
		repo := filepath.Join(dir, "repo")
		root, nested := filepath.Join(repo, "catalog-info.yaml"), filepath.Join(repo, "deep", "nested.yaml")
		write(t, filepath.Join(repo, "good.yaml"), component("good"))
		link(t, secret, filepath.Join(repo, "link.yaml"))
		link(t, filepath.Join("..", "outside"), filepath.Join(repo, "folder"))
		write(t, nested, location("nested", "type: file", "target: ../good.yaml"))
		first := location("root", "type: file", "target: ./deep/nested.yaml")
		write(t, root, first)
		f.read(t, root)
		all := []string{"component:default/good", "location:default/nested", "location:default/root"}
		f.expect(t, all...)
		for target, path := range map[string]string{
			secret:                                secret,
			"../outside/secret.yaml":              secret,
			"./link.yaml":                         filepath.Join(repo, "link.yaml"),
			"./l*.yaml":                           filepath.Join(repo, "link.yaml"),
			"./folder/secret.yaml":                filepath.Join(repo, "folder", "secret.yaml"),
			"./folder/*.yaml":                     filepath.Join(repo, "folder", "*.yaml"),
			"../*/secret.yaml":                    filepath.Join(dir, "*", "secret.yaml"),
			repo + "/*/../../outside/secret.yaml": repo + "/*/../../outside/secret.yaml",
			repo + "/{..,x}/outside/*.yaml":       repo + "/{..,x}/outside/*.yaml",
			repo + `/\.\./outside/*.yaml`:         repo + `/\.\./outside/*.yaml`,
			filepath.Join(dir, "outside", "none"): filepath.Join(dir, "outside", "none"),
			"/etc/passwd":                         "/etc/passwd",
			"/proc/self/environ":                  "/proc/self/environ",
		} {
			write(t, root, location("root", "type: file", "targets: [./deep/nested.yaml, '"+target+"']"))
			f.reread(t)
			f.expect(t, all...)
			want := path + " lies outside of " + repo + ", where its location is configured; add it to catalog.locations of type file"
			var items []string
			list, _ := f.get(t, "location:default/root").Path("status", "items").([]any)
			for _, item := range list {
				items = append(items, item.(*entity.Object).Path("error", "message").(string))
			}
			if len(items) != 1 || items[0] != want {
				t.Errorf("%s: %q, want %q", target, items, want)
			}
		}
		// From a Location in a folder further down the folder of the origin counts; beyond that it is refused as well.
		write(t, root, first)
		write(t, nested, location("nested", "type: file", "target: ../../outside/secret.yaml"))
		f.reread(t)
		f.expect(t, all...)
		if s := statusOf(t, f.get(t, "location:default/nested")); !strings.Contains(s, "NotAllowedError: "+secret+" lies outside of "+repo+",") {
			t.Errorf("the nested Location: %s", s)
		}
		// A link that is replaced by a file is noticed.
		write(t, nested, location("nested", "type: file", "target: ../link.yaml"))
		f.reread(t)
		if err := os.Remove(filepath.Join(repo, "link.yaml")); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(repo, "link.yaml"), component("mended-with-another-size"))
		f.reread(t)
		f.expect(t, "component:default/mended-with-another-size", "location:default/nested", "location:default/root")
	})
}

// TestFenceOfConfigured: an operator may list any path, also one that a descriptor names; links under wildcards are not
// the operator's.
func TestFenceOfConfigured(t *testing.T) {
	both(t, func(t *testing.T, f *fixture, dir string) {
		secret := filepath.Join(dir, "outside", "secret.yaml")
		write(t, secret, component("secret"))
		link(t, secret, filepath.Join(dir, "repo", "link.yaml"))
		f.read(t, filepath.Join(dir, "repo", "link.yaml")) // as configured
		f.expect(t, "component:default/secret")
		// Links within the folder are free, as those of a mounted volume; a linked folder is the same folder.
		write(t, filepath.Join(dir, "volume", "..data", "a.yaml"), component("a"))
		link(t, filepath.Join("..data", "a.yaml"), filepath.Join(dir, "volume", "a.yaml"))
		link(t, filepath.Join(dir, "volume", "..data", "a.yaml"), filepath.Join(dir, "volume", "b.yaml"))
		write(t, filepath.Join(dir, "volume", "root.yaml"), location("root", "type: file", "targets: [./a.yaml, '"+filepath.Join(dir, "volume", "a.yaml")+"', ./b.yaml]"))
		link(t, filepath.Join(dir, "volume"), filepath.Join(dir, "mount"))
		f.read(t, filepath.Join(dir, "mount", "root.yaml"))
		f.expect(t, "component:default/a", "location:default/root")
		// The folder of a glob is the part before its first wildcard.
		write(t, filepath.Join(dir, "repos", "one", "catalog-info.yaml"), location("one", "type: file", "target: ../two/other.yaml"))
		write(t, filepath.Join(dir, "repos", "two", "other.yaml"), component("other"))
		f.read(t, filepath.Join(dir, "repos", "*", "catalog-info.yaml"))
		f.expect(t, "component:default/other", "location:default/one")
		link(t, secret, filepath.Join(dir, "repos", "two", "catalog-info.yaml"))
		f.reread(t)
		f.expect(t, "component:default/other", "location:default/one")
	})
}

func TestSpecialFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("these files are Linux's")
	}
	both(t, func(t *testing.T, f *fixture, dir string) {
		pipe := filepath.Join(dir, "pipe.yaml")
		if err := syscall.Mkfifo(pipe, 0o600); err != nil {
			t.Fatal(err)
		}
		targets := []string{"/dev/zero", pipe, "/proc/self/environ"}
		f.read(t, targets...)
		hidden, err := f.ledger.Unfinished(t.Context())
		if err != nil || len(hidden) != len(targets) {
			t.Fatalf("unprocessed %d, %v", len(hidden), err)
		}
		for _, h := range hidden {
			if !strings.Contains(string(h.Errors), "could not be read, it is not a regular file") {
				t.Errorf("errors: %s", h.Errors)
			}
		}
	})
}
