package console

import (
	"net/url"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/fault"
)

// The plugins that a page calls itself, wherever they live.
const (
	authPlugin    = "auth"
	catalogPlugin = "catalog"
)

// peers tells a page what other backends do for this one. The server itself asks them nothing for the console: a page has
// the user's own token and is the one to use it.
type peers struct {
	system host.System
	config *config.Config
}

// elsewhereView holds addresses as browsers see them, of what is not served here.
type elsewhereView struct {
	Auth    string `json:"auth,omitempty"`
	Catalog string `json:"catalog,omitempty"`
	// Frontend is where people look at that catalog.
	Frontend string `json:"frontend,omitempty"`
}

// view returns nil where everything is here.
func (p peers) view() *elsewhereView {
	var v elsewhereView
	v.Auth, _ = p.system.Elsewhere(authPlugin)
	v.Catalog, _ = p.system.Elsewhere(catalogPlugin)
	if v == (elsewhereView{}) {
		return nil
	}
	v.Frontend = p.frontend(v)
	return &v
}

// frontend is the address of Backstage's pages: app.baseUrl where the configuration is shared, else that of its backend,
// which serves them in most deployments.
func (p peers) frontend(v elsewhereView) string {
	if base, ok, err := p.config.OptionalString("app.baseUrl"); err == nil && ok {
		return strings.TrimRight(base, "/")
	}
	base, id := v.Catalog, catalogPlugin
	if base == "" {
		base, id = v.Auth, authPlugin
	}
	if cut, ok := strings.CutSuffix(base, "/api/"+id); ok {
		return cut
	}
	return originOf(base)
}

// providers are the ways to sign in: those of the auth plugin here, or, where it lives elsewhere, those that our own
// configuration names, because no backend tells which it has (core.md 6.1).
func (p peers) providers() []providerView {
	views := []providerView{}
	if _, away := p.system.Elsewhere(authPlugin); !away {
		for _, id := range p.system.SignInProviders() {
			views = append(views, providerView{ID: id})
		}
		return views
	}
	env := "development"
	if text, ok, err := p.config.OptionalString("auth.environment"); err == nil && ok {
		env = text
	}
	for _, id := range p.config.Keys("auth.providers") {
		v := providerView{ID: id}
		// What nests by environment is of the OAuth sort (core.md 6.6); the others only ask for a token (core.md 6.5).
		if slices.Contains(p.config.Keys("auth.providers."+id), env) {
			v.Environment = env
		}
		views = append(views, v)
	}
	return views
}

// origins are those that a page may call besides its own, in the form of a Content-Security-Policy.
func (p peers) origins() []string {
	var list []string
	for _, id := range []string{authPlugin, catalogPlugin} {
		if base, ok := p.system.Elsewhere(id); ok {
			if origin := originOf(base); origin != "" && !slices.Contains(list, origin) {
				list = append(list, origin)
			}
		}
	}
	return list
}

// requireCatalog refuses what only the catalog of this process can tell. Of another one it would take a walk or a watch with
// a token of our own, for which Backstage need not know this plugin.
func (p peers) requireCatalog() error {
	if base, away := p.system.Elsewhere(catalogPlugin); away {
		return fault.NotFound("The catalog is not served here but at %s, which this route cannot watch", base)
	}
	return nil
}

// originOf returns scheme and host of a URL; empty when it is none.
func originOf(base string) string {
	u, err := url.Parse(base)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
