package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/mirror"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

// ageHeader tells how many seconds ago all stacks had last been read.
const ageHeader = "Understudy-Data-Age"

// health only says that the process lives, as the official one (spacelift.md 4, item 27).
func (a *API) health(w http.ResponseWriter, r *http.Request) error {
	return router.WriteRawJSON(w, r, http.StatusOK, []byte(`{"status":"ok"}`))
}

// compatStacks is GET /stacks: all stacks, each with the seven keys that the official plugin gives it.
func (a *API) compatStacks(w http.ResponseWriter, r *http.Request, may []access) error {
	s, err := a.Mirror.Await(r.Context())
	if err != nil {
		return err
	}
	a.tellAge(w, s)
	list := may[0].view(s).Body()
	// Of what may be seen: who sees other stacks has another one.
	w.Header()["Etag"] = []string{list.ETag}
	body := list.JSON
	if list == s.List && acceptsGzip(r) {
		// Compressed once for all who see all, because the list may be megabytes.
		if zipped := a.Mirror.List(s, true); zipped != nil {
			body = zipped
			w.Header().Set("Content-Encoding", "gzip")
		}
	}
	return router.WriteRawJSON(w, r, http.StatusOK, body)
}

func (a *API) tellAge(w http.ResponseWriter, s *mirror.Snapshot) {
	age := max(a.Now().Sub(s.State.SweptAt), 0)
	w.Header().Set(ageHeader, strconv.FormatInt(int64(age.Seconds()), 10))
}

// acceptsGzip reports whether the caller takes gzip; one that prefers something else takes it as well.
func acceptsGzip(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept-Encoding") {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
				continue
			}
			weight := strings.TrimSpace(strings.ToLower(params))
			q, err := strconv.ParseFloat(strings.TrimPrefix(weight, "q="), 64)
			return weight == "" || err == nil && q > 0
		}
	}
	return false
}

// compatTrigger is POST /stacks/:stackId/trigger. As upstream's it ignores the body, which must be well-formed all the
// same if it is declared as JSON.
func (a *API) compatTrigger(w http.ResponseWriter, r *http.Request) error {
	t, err := a.trigger(r, r.PathValue("stackId"), func() (string, error) {
		_, err := router.ReadJSON(r, 0)
		return "", err
	})
	if err == nil && t.Outcome == store.Unknown {
		err = &problem{status: http.StatusGatewayTimeout, code: string(client.CodeUnavailable), message: t.Message, details: map[string]any{"trigger": t.ID}}
	}
	if err != nil {
		return a.answer(w, r, err)
	}
	return router.WriteJSON(w, r, http.StatusOK, struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}{t.RunID, t.State})
}
