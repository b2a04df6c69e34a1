package console

import (
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// files serves the built console: its page for every address that is no file.
type files struct {
	fsys fs.FS
	// origins returns what the page may call besides its own origin.
	origins func() []string
}

func newFiles(fsys fs.FS, origins func() []string) http.Handler {
	return &files{fsys: fsys, origins: origins}
}

// ServeHTTP answers GET and HEAD; any other method is not found, as everywhere outside /api.
func (f *files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	// The prefix is cut by its length, because the router matches it in any letter case.
	clean := path.Clean(r.URL.Path)
	name := strings.Trim(clean[min(len(Prefix), len(clean)):], "/")
	switch {
	case strings.HasPrefix(name, "assets/") && f.has(name):
		// The name carries a hash of the content.
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeFileFS(w, r, f.fsys, name)
	case name == "assets" || strings.HasPrefix(name, "assets/"):
		// An asset of an older release: the page would be mistaken for a script.
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusNotFound)
	case name != "index.html" && f.has(name):
		w.Header().Set("Cache-Control", "no-cache")
		http.ServeFileFS(w, r, f.fsys, name)
	default:
		f.page(w, r)
	}
}

func (f *files) has(name string) bool {
	info, err := fs.Stat(f.fsys, name)
	return err == nil && info.Mode().IsRegular()
}

// page writes the page. It is never cached, because it names the assets of one release.
func (f *files) page(w http.ResponseWriter, r *http.Request) {
	body, err := fs.ReadFile(f.fsys, "index.html")
	if err != nil {
		http.Error(w, "this binary was built without the console; run make console", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if origins := f.origins(); len(origins) > 0 {
		if policy := w.Header().Get(policyHeader); policy != "" {
			w.Header().Set(policyHeader, allowConnect(policy, origins))
		}
	}
	if r.Method == http.MethodHead {
		return
	}
	_, _ = w.Write(body)
}

// redirectPages sends GET / to the console, and the address that an entity's page has in Backstage's frontend, which
// descriptors, chats and other systems link to, to its page here. It is temporary, because a frontend may take the
// addresses later.
func redirectPages(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	entity := strings.HasPrefix(path, "/catalog/") && strings.Count(strings.TrimSuffix(path, "/"), "/") == 4
	if (path != "/" && !entity) || (r.Method != http.MethodGet && r.Method != http.MethodHead) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, Prefix+path, http.StatusFound)
}
