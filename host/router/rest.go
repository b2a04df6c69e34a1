package router

import (
	"net/http"
	"strconv"
)

// HandleRest serves every request below the mount that no pattern takes, whatever its method. Nothing of its path is
// decoded: RelativePath has it as it was sent. It panics when there is one already.
func (p *Routes) HandleRest(h HandlerFunc) {
	if h == nil || p.rest != nil {
		panic("router: the rest of " + p.id + " is served already, or by nothing")
	}
	p.rest = h
}

// DecideLevels asks decide first what a path, raw and relative to the mount, asks of its caller; where it says false, Open
// and AllowCookie do. It is for a plugin that finds its routes by rules of its own: the gate and the routes then cannot
// see a path differently.
func (p *Routes) DecideLevels(decide func(path string) (Level, bool)) { p.levels = decide }

// WriteText answers with a plain text as upstream does: with its length and a weak ETag, and never 304.
func WriteText(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h["Content-Type"] = []string{"text/plain; charset=utf-8"}
	h["Content-Length"] = []string{strconv.Itoa(len(text))}
	h["Etag"] = []string{weakETag([]byte(text))}
	w.WriteHeader(status)
	// A write fails when the caller is gone, and then there is nobody to tell.
	_, _ = w.Write([]byte(text))
}
