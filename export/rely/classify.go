package rely

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/export"
)

// maxRetryAfter bounds what an answer may ask us to wait.
const maxRetryAfter = 24 * time.Hour

// classify returns nil for a good answer, and else what it means (export.md 2.5). A wait that was asked for begins here,
// for all requests.
func (c *client) classify(a answer) error {
	if a.status >= 200 && a.status < 300 && !a.isPage() {
		c.answered.Store(true)
		return nil
	}
	words := c.words(a)
	f := &export.Failure{Status: a.status, RetryAfter: retryAfter(a.header, c.now())}
	f.Message = fmt.Sprintf("%s %s: %s", a.method, a.url, words.text)
	switch s := a.status; {
	case s == http.StatusTooManyRequests:
		f.Kind = export.RateLimited
		// Without a time, a second keeps the others from running into the same wall.
		c.pacer.Pause(c.now().Add(max(f.RetryAfter, time.Second)))
	case s == http.StatusRequestTimeout || s == http.StatusTooEarly || s >= 500:
		f.Kind = export.Transient
		if f.RetryAfter > 0 {
			c.pacer.Pause(c.now().Add(f.RetryAfter))
		}
	case s == http.StatusPaymentRequired, s == http.StatusForbidden && speaksOfPlan(words.text):
		f.Kind = export.NotEntitled
		f.Message = "the account's plan does not include this: " + words.text
	case s == http.StatusUnauthorized, s == http.StatusForbidden && !a.isPage():
		f.Kind = export.AuthFailed
		f.Message = "the key is not accepted: " + words.text + "; a user's newer key revokes the older one: put the current one into the proxy entry's Authorization header"
	case a.isPage():
		f.Kind = export.Misconfigured
		if s == http.StatusOK && c.answered.Load() {
			f.Kind = export.Transient // the address is right: it may be a page that tells of maintenance
		}
		f.Message = fmt.Sprintf("%s %s was answered with a web page (%s), not by Rely's API; check the proxy entry's target, and whether something on the way signs people in",
			a.method, a.url, words.text)
	case s >= 300 && s < 400:
		f.Kind = export.Misconfigured
		f.Message = fmt.Sprintf("%s %s redirects to %s, which is not followed; check the proxy entry's target", a.method, a.url, c.clean(location(a.header)))
	case s == http.StatusRequestEntityTooLarge:
		f.Kind = export.TooLarge
	case s == http.StatusBadRequest, s == http.StatusConflict, s == http.StatusUnprocessableEntity:
		f.Kind, f.Items = export.Invalid, words.items
	case s == http.StatusUnsupportedMediaType && c.opts.Gzip:
		f.Kind = export.Misconfigured
		f.Message += "; compressed bodies may be the reason: set rely.gzip to false"
	default:
		f.Kind = export.Misconfigured
	}
	return f
}

// location is where a redirect leads, without what a query may hold.
func location(h http.Header) string {
	where, _, _ := strings.Cut(h.Get("Location"), "?")
	if where == "" {
		return "nowhere"
	}
	return where
}

// isPage reports whether the body is meant for a browser.
func (a answer) isPage() bool {
	start := bytes.TrimLeft(a.body, " \t\r\n\ufeff")
	return strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || bytes.HasPrefix(start, []byte("<"))
}

// words are what an answer says.
type words struct {
	text string
	// items are the mistakes of single elements, by index.
	items map[int]string
	// detail tells that the body has FastAPI's form (export.md 2.1).
	detail bool
}

var pageTitle = regexp.MustCompile(`(?is)<title[^>]*>(.*?)</title>`)

func (c *client) words(a answer) words {
	if a.isPage() {
		title := "no title"
		if m := pageTitle.FindSubmatch(a.body); m != nil {
			title = strconv.Quote(c.clean(html.UnescapeString(string(m[1]))))
		}
		kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
		return words{text: strings.TrimLeft(c.clean(kind)+", "+title, ", ")}
	}
	var body struct {
		Detail  json.RawMessage
		Message string
		Error   json.RawMessage
	}
	if json.Unmarshal(a.body, &body) != nil {
		if text := strings.TrimSpace(string(a.body)); text != "" {
			return words{text: c.clean(text)}
		}
		return words{text: strings.ToLower(http.StatusText(a.status))}
	}
	if len(body.Detail) > 0 {
		w := c.detail(body.Detail)
		w.detail = true
		return w
	}
	if body.Message != "" {
		return words{text: c.clean(body.Message)}
	}
	if len(body.Error) > 0 {
		return words{text: c.clean(textOf(body.Error))}
	}
	return words{text: c.clean(string(a.body))}
}

// textOf is a text, or the message inside an object.
func textOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var object struct{ Type, Message string }
	if json.Unmarshal(raw, &object) == nil && object.Message != "" {
		return object.Message
	}
	return string(raw)
}

// detail reads FastAPI's: a text, or a list of mistakes with their places. The first number in a place is the element's
// index.
func (c *client) detail(raw json.RawMessage) words {
	var mistakes []struct {
		Loc []any
		Msg string
	}
	if json.Unmarshal(raw, &mistakes) != nil || len(mistakes) == 0 {
		return words{text: c.clean(textOf(raw))}
	}
	var w words
	var all []string
	for _, m := range mistakes {
		index, place := -1, []string{}
		for _, part := range m.Loc {
			switch part := part.(type) {
			case float64:
				if index < 0 && part >= 0 && part == math.Trunc(part) && part < 1e9 {
					index, place = int(part), nil
					continue
				}
				place = append(place, strconv.FormatFloat(part, 'f', -1, 64))
			case string:
				place = append(place, part)
			}
		}
		text := c.clean(strings.TrimPrefix(strings.Join(place, ".")+": "+m.Msg, ": "))
		if index >= 0 {
			if w.items == nil {
				w.items = map[int]string{}
			}
			if before := w.items[index]; before != "" && len(before) < 1000 {
				text = before + "; " + text
			}
			w.items[index] = text
		}
		if len(all) < 5 {
			all = append(all, text)
		}
	}
	w.text = c.clean(strings.Join(all, "; "))
	if len(mistakes) > len(all) {
		w.text += fmt.Sprintf("; and %d more", len(mistakes)-len(all))
	}
	return w
}

var plan = regexp.MustCompile(`(?i)\b(plans?|subscriptions?|upgrade|licen[cs]es?|licen[cs]ed|tier|entitle(?:d|ment|ments)|billing|trial)\b`)

// speaksOfPlan reports whether a refusal is about what the account has paid for. The wire form is a guess
// (export.md 1.3).
func speaksOfPlan(text string) bool { return plan.MatchString(text) }

// retryAfter reads both forms of Retry-After. A date is compared with the answer's own clock where it tells the time,
// since ours may be wrong.
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0
	}
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) {
			return 0
		}
		return time.Duration(min(seconds, maxRetryAfter.Seconds()) * float64(time.Second))
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	if theirs, err := http.ParseTime(h.Get("Date")); err == nil {
		now = theirs
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
