package router_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	const live, ready = "/.backstage/health/v1/liveness", "/.backstage/health/v1/readiness"
	rt, err := router.New(router.Config{HealthHeaders: map[string]string{"x-probe": "yes"}, Listen: "127.0.0.1:0"}, router.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := serve(t, rt)
	check := func(path string, status int, body string) {
		t.Helper()
		a := f.get(path)
		if a.StatusCode != status || a.body != body || a.Header.Get("X-Probe") != "yes" || a.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %d %s %v", path, a.StatusCode, a.body, a.Header)
		}
	}
	check(live, 200, `{"status":"ok"}`)
	check(ready, 503, `{"message":"Backend has not started yet","status":"error"}`)
	// The ETag is upstream's, as recorded.
	if etag := f.get(ready).Header.Get("Etag"); etag != `W/"3a-AZKGvZJsMc1WWwnS+zW0C08nFfU"` {
		t.Errorf("etag %s", etag)
	}
	rt.Ready()
	check(ready, 200, `{"status":"ok"}`)
	check("/.Backstage/Health/v1/READINESS/", 200, `{"status":"ok"}`)
	if a := f.do(http.MethodHead, ready, ""); a.StatusCode != 200 || a.body != "" || a.Header.Get("Content-Length") != "15" {
		t.Errorf("HEAD: %d %v", a.StatusCode, a.Header)
	}
	if a := f.get(live, `If-None-Match: W/"f-VaSQ4oDUiZblZNAEkkN+sX+q3Sg"`); a.StatusCode != 304 || a.body != "" {
		t.Errorf("the caller's version is current: %d", a.StatusCode)
	}
	f.do(http.MethodPost, ready, "").empty404(t, "POST")
	if err := rt.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	check(live, 200, `{"status":"ok"}`)
	check(ready, 503, `{"message":"Backend is shutting down","status":"error"}`)
}

func TestReadinessAsksThePlugins(t *testing.T) {
	t.Parallel()
	ill := errors.New("connect to db-internal:5432: refused")
	f := start(t, router.Config{}, router.Options{Health: func(context.Context) map[string]error {
		return map[string]error{"auth": nil, "catalog": ill}
	}}, nil)
	a := f.get("/.backstage/health/v1/readiness")
	if a.StatusCode != 503 || a.body != `{"message":"Some plugins are not healthy","status":"error","plugins":{"catalog":"error"}}` {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	told := f.logs.lines(t, func(l map[string]any) bool {
		return l["plugin"] == "catalog" && strings.Contains(l["err"].(string), "refused")
	})
	if len(told) != 1 {
		t.Errorf("the log must say why")
	}
}
