package export

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/understudy-portal/understudy/host/fault"
)

// longestWait is how long /migrate waits for a run at most.
const longestWait = 10 * time.Minute

// migrateQuery reads the parameters of /migrate.
func migrateQuery(r *http.Request) (q request, wait time.Duration, err error) {
	values := r.URL.Query()
	if q.dryRun, err = boolean(values, "dryRun"); err != nil {
		return q, 0, err
	}
	if q.full, err = boolean(values, "full"); err != nil {
		return q, 0, err
	}
	if q.digest, err = boolean(values, "digest"); err != nil {
		return q, 0, err
	}
	if q.digest && !q.dryRun {
		return q, 0, fault.Input("digest goes with dryRun")
	}
	text := values.Get("wait")
	if text == "" {
		return q, 0, nil
	}
	wait, err = time.ParseDuration(text)
	if seconds, plain := strconv.Atoi(text); err != nil && plain == nil {
		wait, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || wait < 0 {
		return q, 0, fault.Input("wait must be a time such as 30s or 5m, not '%s'", text)
	}
	return q, min(wait, longestWait), nil
}

func boolean(values url.Values, name string) (bool, error) {
	switch text := values.Get(name); text {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	case "":
		return values.Has(name), nil // ?dryRun, as people type it
	default:
		return false, fault.Input("%s must be true or false, not '%s'", name, text)
	}
}

// pageSize reads limit.
func pageSize(r *http.Request, usual, most int) (int, error) {
	text := r.URL.Query().Get("limit")
	if text == "" {
		return usual, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > most {
		return 0, fault.Input("limit must be a whole number from 1 to %d, not '%s'", most, text)
	}
	return n, nil
}
