package remote

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/auth/token"
)

// renewBefore is how long before its end a token is replaced: it has to be good still when the peer looks at it, and its
// clock may be ahead of ours.
const renewBefore = time.Minute

// session holds the token of one caller for as long as it is good. It may be used by many at once.
type session struct {
	reader *Reader
	who    auth.Credentials

	mu    sync.Mutex // guards what follows
	text  string
	until time.Time // the token is to be replaced then; zero before the first
}

// session returns the plugin's own, which all its reads share, or a new one for others: their rights are looked at each
// time.
func (r *Reader) session(who auth.Credentials) *session {
	if reflect.DeepEqual(who, r.own.who) {
		return r.own
	}
	return &session{reader: r, who: who}
}

// token returns the token to send; not the refused one.
func (s *session) token(ctx context.Context, refused string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.reader.now()
	if !s.until.IsZero() && now.Before(s.until) && (refused == "" || s.text != refused) {
		return s.text, nil
	}
	text, err := s.reader.opts.Token(ctx, s.who)
	if err != nil {
		return "", err
	}
	s.text, s.until = text, now
	if t, err := token.Parse(text); err == nil {
		if claims, err := t.Unverified(); err == nil {
			end := claims.ExpiresAt()
			// A token of a minute or less is renewed half-way.
			s.until = now.Add(max(end.Sub(now)-renewBefore, end.Sub(now)/2))
		}
	}
	return s.text, nil
}

// ended reports whether the user's own token has ended, after which no further one helps.
func (s *session) ended() bool {
	return s.who.IsUser() && !s.who.ExpiresAt.IsZero() && !s.reader.now().Before(s.who.ExpiresAt)
}
