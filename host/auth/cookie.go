package auth

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/host/telemetry"
)

// cookieMargin is how much longer a cookie must last to be left as it is.
const cookieMargin = 5 * time.Minute

// wireTime is a time as JavaScript's toISOString writes it.
const wireTime = "2006-01-02T15:04:05.000Z"

type cookieAnswer struct {
	ExpiresAt string `json:"expiresAt"`
}

// issueCookie gives a user their limited token as a cookie, for requests that cannot have a header (core.md 5).
func (m *mounted) issueCookie(w http.ResponseWriter, r *http.Request) error {
	c, err := RequireUser(r.Context())
	if err != nil {
		return err
	}
	if expires, ok := m.currentCookie(r, c.UserRef); ok {
		return router.WriteJSON(w, r, http.StatusOK, cookieAnswer{ExpiresAt: expires.UTC().Format(wireTime)})
	}
	limited, expires, err := LimitedToken(c)
	if err != nil {
		return err
	}
	if err := m.setCookie(w, limited, expires); err != nil {
		return err
	}
	return router.WriteJSON(w, r, http.StatusOK, cookieAnswer{ExpiresAt: expires.UTC().Format(wireTime)})
}

// currentCookie tells when the request's own cookie ends, if it is this user's and has long enough to go. Backstage does
// not ask whose it is, and leaves a browser with the cookie of whoever was signed in before.
func (m *mounted) currentCookie(r *http.Request, userRef string) (time.Time, bool) {
	text := cookieToken(r)
	if text == "" {
		return time.Time{}, false
	}
	c, err := m.service.Verify(r.Context(), m.id, text, true)
	if err != nil || c.UserRef != userRef {
		return time.Time{}, false
	}
	return c.ExpiresAt, c.ExpiresAt.After(m.service.now().Add(cookieMargin))
}

func (m *mounted) deleteCookie(w http.ResponseWriter, r *http.Request) error {
	var event *telemetry.AuditEvent
	if m.service.audit != nil {
		event = m.service.audit.Event(r.Context(), telemetry.Event{Plugin: m.id, ID: "cookie-delete"})
	}
	err := m.setCookie(w, "", time.Unix(0, 0))
	if event != nil {
		event.Done(err)
	}
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
	}
	return err
}

// setCookie writes the header with its attributes in the order in which Backstage has them, and with Priority, which
// net/http does not know.
func (m *mounted) setCookie(w http.ResponseWriter, value string, expires time.Time) error {
	base, err := url.Parse(m.service.discovery.ExternalURL(m.id))
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(CookieName + "=" + value)
	b.WriteString("; Domain=" + base.Hostname() + "; Path=/; Expires=" + expires.UTC().Format(http.TimeFormat) + "; HttpOnly")
	if base.Scheme == "https" || base.Hostname() == "localhost" {
		b.WriteString("; Secure; Priority=High; SameSite=None")
	} else {
		b.WriteString("; Priority=High; SameSite=Lax")
	}
	w.Header().Add("Set-Cookie", b.String())
	return nil
}
