package ingest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/entity/yamlcore"
	"github.com/understudy-portal/understudy/host/fault"
)

// maxPlaceholderDepth bounds how deep an entity is searched for placeholders.
const maxPlaceholderDepth = 200

// URLReader reads one file from a URL.
type URLReader interface {
	ReadURL(ctx context.Context, url string) ([]byte, error)
}

// Placeholders replaces {$text: …}, {$json: …} and {$yaml: …} by what they point at (catalog.md 7.6).
type Placeholders struct {
	// Reader reads the content; nil refuses every placeholder, saying so.
	Reader URLReader
}

// Name is the name that error texts show.
func (Placeholders) Name() string { return "PlaceholderProcessor" }

func (Placeholders) builtin() {}

// PreProcess replaces the placeholders anywhere in the entity.
func (p Placeholders) PreProcess(ctx context.Context, item Item, emit *Emitter) (entity.Entity, error) {
	v, changed, err := p.replace(ctx, item, emit, item.Entity.Object, 0)
	if err != nil || !changed {
		return item.Entity, err
	}
	o, ok := v.(*entity.Object)
	if !ok {
		return item.Entity, fault.Input("A placeholder cannot stand for the whole entity")
	}
	return entity.FromObject(o), nil
}

func (p Placeholders) replace(ctx context.Context, item Item, emit *Emitter, v any, depth int) (any, bool, error) {
	if depth > maxPlaceholderDepth {
		return v, false, nil
	}
	switch v := v.(type) {
	case []any:
		return p.replaceList(ctx, item, emit, v, depth)
	case *entity.Object:
		if key, value, ok := placeholder(v); ok {
			resolved, err := p.resolve(ctx, item, emit, key, value)
			return resolved, true, err
		}
		return p.replaceObject(ctx, item, emit, v, depth)
	default:
		return v, false, nil
	}
}

func (p Placeholders) replaceList(ctx context.Context, item Item, emit *Emitter, list []any, depth int) (any, bool, error) {
	changed := false
	out := list
	for i, v := range list {
		r, ok, err := p.replace(ctx, item, emit, v, depth+1)
		if err != nil {
			return nil, false, err
		}
		if ok {
			if !changed {
				out, changed = append([]any(nil), list...), true
			}
			out[i] = r
		}
	}
	return out, changed, nil
}

func (p Placeholders) replaceObject(ctx context.Context, item Item, emit *Emitter, o *entity.Object, depth int) (any, bool, error) {
	var out *entity.Object
	for key, v := range o.All() {
		r, ok, err := p.replace(ctx, item, emit, v, depth+1)
		if err != nil {
			return nil, false, err
		}
		if ok {
			if out == nil {
				out = entity.CollectObject(o.All())
			}
			out.Set(key, r)
		}
	}
	if out == nil {
		return o, false, nil
	}
	return out, true, nil
}

// placeholder returns the one key and value of an object that is a placeholder we know. Unknown ones are left alone.
func placeholder(o *entity.Object) (key string, value any, ok bool) {
	if o.Len() != 1 {
		return "", nil, false
	}
	for k, v := range o.All() {
		key, value = k, v
	}
	switch key {
	case "$text", "$json", "$yaml":
		return key, value, true
	default:
		return "", nil, false
	}
}

func (p Placeholders) resolve(ctx context.Context, item Item, emit *Emitter, key string, value any) (any, error) {
	text, ok := value.(string)
	if !ok {
		return nil, fault.Input("Placeholder %s expected a string parameter", key)
	}
	target, err := placeholderURL(item.Location, text)
	if err != nil {
		return nil, fault.Input("Placeholder %s could not form a URL out of %s and %s", key, item.Location, text).CausedBy(typed(err))
	}
	emit.RefreshKey("url:" + target)
	if p.Reader == nil {
		return nil, fault.NotImplemented("Placeholder %s could not read location %s, reading of urls is not part of this build yet", key, target)
	}
	emit.Outside()
	data, err := p.Reader.ReadURL(ctx, target)
	if err != nil {
		return nil, fault.Input("Placeholder %s could not read location %s, %v", key, target, err).CausedBy(typed(err))
	}
	return decodePlaceholder(key, target, data)
}

func decodePlaceholder(key, target string, data []byte) (any, error) {
	switch key {
	case "$json":
		v, err := entity.ParseJSON(data)
		if err != nil {
			return nil, fault.Input("Placeholder $json failed to parse JSON data at %s, %v", target, err)
		}
		return v, nil
	case "$yaml":
		docs, err := yamlcore.Parse(data)
		if err == nil && len(docs) != 1 {
			err = fmt.Errorf("expected exactly one document, got %d", len(docs))
		}
		if err != nil {
			return nil, fault.Input("Placeholder $yaml found an error in the data at %s, %v", target, err)
		}
		v, err := yamlcore.Value(docs[0])
		if err != nil {
			return nil, fault.Input("Placeholder $yaml found an error in the data at %s, %v", target, err)
		}
		return v, nil
	default:
		return strings.ToValidUTF8(string(data), "\ufffd"), nil
	}
}

// placeholderURL resolves a placeholder against its entity's own location, which must be a url, and holds it inside the
// repository of that (CVE-2026-106498).
func placeholderURL(base entity.LocationRef, value string) (string, error) {
	ref, err := url.Parse(value)
	if err != nil {
		return "", err
	}
	if base.Type != "url" {
		if !ref.IsAbs() {
			return "", errors.New("only an entity of a url location can have relative placeholders")
		}
		return checkPlaceholder(nil, ref)
	}
	from, err := url.Parse(base.Target)
	if err != nil {
		return "", err
	}
	return checkPlaceholder(from, from.ResolveReference(ref))
}

func checkPlaceholder(from, to *url.URL) (string, error) {
	if to.Scheme != "http" && to.Scheme != "https" || to.Host == "" || to.User != nil {
		return "", errors.New("only http and https URLs without credentials are read")
	}
	// What hides a dot segment or a separator from us may be one to the host.
	lower := strings.ToLower(to.EscapedPath())
	for _, trick := range []string{"%2e", "%2f", "%5c", `\`} {
		if strings.Contains(lower, trick) {
			return "", errors.New("the path has escaped dots or separators")
		}
	}
	if from != nil && isSourceHost(from.Hostname()) {
		if !strings.EqualFold(from.Host, to.Host) || repository(from) != repository(to) {
			return "", errors.New("it leaves the entity's own repository")
		}
	}
	return to.String(), nil
}

// isSourceHost reports whether the paths of a host start with owner and repository.
func isSourceHost(host string) bool {
	switch strings.ToLower(host) {
	case "github.com", "raw.githubusercontent.com", "gitlab.com", "bitbucket.org", "dev.azure.com":
		return true
	default:
		return false
	}
}

// repository is the part of a source host's URL that names the repository. GitLab nests groups, and marks the end by "/-/".
func repository(u *url.URL) string {
	path := strings.Trim(u.Path, "/")
	if name, _, ok := strings.Cut(path, "/-/"); ok {
		return strings.ToLower(name)
	}
	depth := 2
	if strings.EqualFold(u.Hostname(), "dev.azure.com") {
		depth = 4 // organization/project/_git/repository
	}
	parts := strings.SplitN(path, "/", depth+1)
	return strings.ToLower(strings.Join(parts[:min(depth, len(parts))], "/"))
}

var _ PreProcessor = Placeholders{}
