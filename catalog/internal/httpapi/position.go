package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/understudy-portal/understudy/catalog/internal/index"
	"github.com/understudy-portal/understudy/host/fault"
)

const (
	// PositionHeader carries, in the answer to a mutation, the position of the change log after which reads see it.
	PositionHeader = "Understudy-Catalog-Position"
	// MinPositionHeader asks that a read sees at least that position.
	MinPositionHeader = "Understudy-Catalog-Min-Position"
)

var errWaited = errors.New("the catalog's index did not get there in time")

// snapshot returns what the request reads: the current snapshot, or the first that has the position it asks for.
func (a *API) snapshot(r *http.Request) (*index.Snapshot, error) {
	asked := r.Header[MinPositionHeader]
	if len(asked) == 0 {
		return a.Index.Snapshot(), nil
	}
	position, err := strconv.ParseInt(asked[0], 10, 64)
	if err != nil || position < 0 {
		return nil, fault.Input("Invalid %s header, must be a position of the change log", MinPositionHeader)
	}
	if err := a.wait(r.Context(), position); err != nil {
		if r.Context().Err() != nil {
			return nil, context.Cause(r.Context())
		}
		return nil, fault.Unavailable("The catalog has not reached position %d of the change log yet", position)
	}
	return a.Index.Snapshot(), nil
}

func (a *API) wait(ctx context.Context, position int64) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.MaxWait, errWaited)
	defer cancel()
	return a.Index.Wait(ctx, position)
}

// settle lets this replica's readers see a mutation before it is answered, and tells its position. The mutation stands
// even if that takes too long: then the caller still has the position to ask for.
func (a *API) settle(w http.ResponseWriter, r *http.Request, position int64) {
	if err := a.wait(r.Context(), position); err != nil {
		a.Log.WarnContext(r.Context(), "a mutation is answered before the index shows it", "err", err, "position", position)
	}
	w.Header()[PositionHeader] = []string{strconv.FormatInt(position, 10)}
}
