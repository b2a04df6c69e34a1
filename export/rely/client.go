package rely

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/understudy-portal/understudy/export"
)

const (
	// deadline bounds one request, with its answer's body (export.md 2.2: the client of old waited 30 s).
	deadline = 30 * time.Second
	// maxAnswer bounds an answer: a bulk request is answered with all that was written.
	maxAnswer = 32 << 20
)

// client makes requests. There is one for a destination, so that connections and pacing are shared.
type client struct {
	opts   Options
	target *url.URL
	http   *http.Client
	pacer  *export.Pacer
	now    func() time.Time
	hide   *strings.Replacer
	zip    sync.Pool
	made   atomic.Int64 // requests so far
	// answered tells that the API has answered well since the process began.
	answered atomic.Bool
}

func newClient(o Options, target *url.URL) *client {
	transport := o.Transport
	if transport == nil {
		transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSHandshakeTimeout:    10 * time.Second,
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: o.Insecure}, //nolint:gosec // the proxy entry says secure: false
			ForceAttemptHTTP2:      true,
			MaxIdleConnsPerHost:    o.Limits.Concurrency + 2,
			IdleConnTimeout:        90 * time.Second,
			MaxResponseHeaderBytes: 1 << 20,
		}
	}
	return &client{
		opts: o, target: target, now: o.Now, pacer: export.NewPacer(o.Limits.RatePerMinute, o.Now), hide: hider(o),
		// A redirect would carry the key elsewhere, or turn a POST into a GET: it is an answer like any other.
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// hider takes the values of headers out of texts that come from outside.
func hider(o Options) *strings.Replacer {
	var pairs []string
	for _, value := range o.Headers {
		text := value.Reveal()
		_, credentials, _ := strings.Cut(text, " ")
		for _, secret := range []string{text, strings.TrimSpace(credentials)} {
			if len(secret) > 3 {
				pairs = append(pairs, secret, "***")
			}
		}
	}
	return strings.NewReplacer(pairs...)
}

// answer is what came back.
type answer struct {
	method, url string // for people
	status      int
	header      http.Header
	body        []byte
	sent        int // bytes of the request's body
}

// do makes one request, once the pacer lets it. The error is a *export.Failure, or the cause of the context's end.
func (c *client) do(ctx context.Context, method, path string, query url.Values, body []byte) (answer, error) {
	a := answer{method: method}
	u := c.address(path)
	u.RawQuery = query.Encode()
	a.url = u.Scheme + "://" + u.Host + u.Path
	if err := c.pacer.Wait(ctx); err != nil {
		return a, err
	}
	reqCtx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	req, err := c.request(reqCtx, method, u, body)
	if err != nil {
		return a, &export.Failure{Kind: export.Misconfigured, Message: fmt.Sprintf("%s %s: %s", method, a.url, c.clean(err.Error())), Err: err}
	}
	a.sent = int(req.ContentLength)
	c.made.Add(1)
	res, err := c.http.Do(req)
	if err != nil {
		return a, c.unreachable(ctx, a, err)
	}
	defer func() { _ = res.Body.Close() }()
	a.status, a.header = res.StatusCode, res.Header
	a.body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return a, c.unreachable(ctx, a, err)
	}
	if len(a.body) > maxAnswer {
		return a, &export.Failure{
			Kind: export.Misconfigured, Status: a.status, Message: fmt.Sprintf("%s %s: the answer is longer than %d MiB", method, a.url, maxAnswer>>20),
		}
	}
	if err := c.classify(a); err != nil {
		return a, err
	}
	return a, nil
}

func (c *client) request(ctx context.Context, method string, u *url.URL, body []byte) (*http.Request, error) {
	zipped := c.opts.Gzip && len(body) > 0
	if zipped {
		var err error
		if body, err = c.compress(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for name, value := range c.opts.Headers {
		if strings.EqualFold(name, "Host") {
			req.Host = value.Reveal()
			continue
		}
		req.Header.Set(name, value.Reveal())
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.opts.UserAgent)
	if len(body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if zipped {
		req.Header.Set("Content-Encoding", "gzip")
	}
	return req, nil
}

// address is where a path of the API is, after the proxy entry's rewriting (export.md 1.3).
func (c *client) address(path string) *url.URL {
	if len(c.opts.Rewrites) > 0 {
		full := c.opts.Prefix + path
		path = full
		for _, r := range c.opts.Rewrites {
			if loc := r.Pattern.FindStringSubmatchIndex(full); loc != nil {
				path = full[:loc[0]] + string(r.Pattern.ExpandString(nil, r.Replacement, full, loc)) + full[loc[1]:]
				break
			}
		}
		path = "/" + strings.TrimLeft(path, "/")
	}
	u := *c.target
	u.Path += path
	return &u
}

func (c *client) compress(body []byte) ([]byte, error) {
	var out bytes.Buffer
	out.Grow(len(body) / 4)
	w, ok := c.zip.Get().(*gzip.Writer)
	if ok {
		w.Reset(&out)
	} else {
		var err error
		if w, err = gzip.NewWriterLevel(&out, flate.DefaultCompression); err != nil {
			return nil, err
		}
	}
	defer c.zip.Put(w)
	if _, err := w.Write(body); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// unreachable is a request without a whole answer: whether it was carried out is not known.
func (c *client) unreachable(ctx context.Context, a answer, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	f := &export.Failure{Kind: export.Transient, Err: err}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err
	}
	why := c.clean(err.Error())
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		why = "no answer within " + deadline.String()
	case errors.Is(err, io.ErrUnexpectedEOF):
		why = "the answer was cut off"
	}
	f.Message = fmt.Sprintf("%s %s: %s", a.method, a.url, why)
	if _, bad := errors.AsType[*tls.CertificateVerificationError](err); bad {
		f.Kind = export.Misconfigured
		f.Message += "; if the target's certificate is your own, name its authority in SSL_CERT_FILE, or set secure: false in the proxy entry"
	}
	return f
}

// clean makes a text from outside fit for people and logs: one line, not long, without the key.
func (c *client) clean(text string) string {
	const most = 500
	text = strings.Join(strings.Fields(strings.ToValidUTF8(c.hide.Replace(text), "\ufffd")), " ")
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	return cmp.Or(text, "no text")
}
