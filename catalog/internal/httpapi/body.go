package httpapi

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// body is a request body that is an object, to be read member by member. The first mistake is kept, in upstream's words;
// later reads then return nothing.
type body struct {
	*entity.Object
	path string
	err  error
}

// readBody reads a body of JSON. Without a body and a Content-Type the object is empty. Every mistake is an InputError
// with status 400 here (catalog.md 3), whatever the router calls it elsewhere.
func readBody(r *http.Request) (*body, error) {
	contentType := r.Header.Get("Content-Type")
	if contentType == "" {
		return &body{Object: entity.NewObject(), path: "request/body"}, nil
	}
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || (media != "application/json" && !strings.HasSuffix(media, "+json")) {
		return nil, fault.Input("unsupported media type %s", contentType)
	}
	v, err := router.ReadJSON(r, bodyLimit)
	if err != nil {
		return nil, asInput(err)
	}
	o, ok := v.(*entity.Object)
	if !ok {
		return nil, fault.Input("request/body must be object")
	}
	return &body{Object: o, path: "request/body"}, nil
}

func asInput(err error) error {
	if s := fault.Status(err); s < 400 || s >= 500 {
		return err
	}
	return fault.Input("%s", err.Error())
}

func (b *body) fail(key, must string) {
	if b.err == nil {
		b.err = fault.Input("%s/%s must be %s", b.path, key, must)
	}
}

// require notes that a member must be there.
func (b *body) require(keys ...string) {
	for _, key := range keys {
		if !b.Has(key) && b.err == nil {
			b.err = fault.Input("%s must have required property '%s'", b.path, key)
		}
	}
}

func (b *body) text(key string) string {
	v, ok := b.Get(key)
	if !ok {
		return ""
	}
	s, ok := v.(string)
	if !ok {
		b.fail(key, "string")
	}
	return s
}

func (b *body) oneOf(key string, allowed ...string) string {
	s := b.text(key)
	if b.Has(key) && b.err == nil && !slices.Contains(allowed, s) {
		b.fail(key, "equal to one of the allowed values: "+strings.Join(allowed, ", "))
	}
	return s
}

// whole returns a whole number of at least least, or fallback. Upstream's schema says no more than number; fractions and
// negative ones then break its database (catalog.md 11).
func (b *body) whole(key string, least, fallback int) int {
	v, ok := b.Get(key)
	if !ok {
		return fallback
	}
	f, ok := v.(float64)
	switch {
	case !ok:
		b.fail(key, "number")
	case f < float64(least):
		b.fail(key, ">= "+strconv.Itoa(least))
	case f != float64(int64(f)) && f < 1<<53:
		b.fail(key, "integer")
	default:
		return clampInt(f)
	}
	return fallback
}

func (b *body) texts(key string) []string {
	items := b.list(key)
	texts := make([]string, 0, len(items))
	for i, item := range items {
		s, ok := item.(string)
		if !ok {
			b.fail(key+"/"+strconv.Itoa(i), "string")
			return nil
		}
		texts = append(texts, s)
	}
	return texts
}

func (b *body) list(key string) []any {
	v, ok := b.Get(key)
	if !ok {
		return nil
	}
	items, ok := v.([]any)
	if !ok {
		b.fail(key, "array")
	}
	return items
}

// object returns a member that is an object, or nil.
func (b *body) object(key string) *entity.Object {
	v, ok := b.Get(key)
	if !ok {
		return nil
	}
	o, ok := v.(*entity.Object)
	if !ok || o == nil {
		b.fail(key, "object")
		return nil
	}
	return o
}

// part returns a member that is an object, as a body of its own whose mistakes become this one's by join.
func (b *body) part(key string, v any) *body {
	o, ok := v.(*entity.Object)
	if !ok || o == nil {
		b.fail(key, "object")
		o = entity.NewObject()
	}
	return &body{Object: o, path: b.path + "/" + key, err: b.err}
}

func (b *body) join(part *body) {
	if b.err == nil {
		b.err = part.err
	}
}
