package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/discovery"
	"github.com/understudy-portal/understudy/host/router"
)

// BenchmarkPassage is what the gateway adds: the same request to the peer, and through it.
func BenchmarkPassage(b *testing.B) {
	body := strings.Repeat("0123456789", 1000)
	peer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) }))
	b.Cleanup(peer.Close)
	c, err := config.Parse("app-config.yaml", []byte("discovery: {endpoints: [{target: {internal: '"+peer.URL+"/api/{{pluginId}}'}, plugins: ['*']}]}"), nil)
	if err != nil {
		b.Fatal(err)
	}
	where, err := discovery.Load(c)
	if err != nil {
		b.Fatal(err)
	}
	g, err := New(Options{Discovery: where})
	if err != nil {
		b.Fatal(err)
	}
	rt, err := router.New(router.Config{}, router.Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	rt.PassOn(g)
	front := httptest.NewServer(rt)
	b.Cleanup(func() { front.Close(); g.Close() })
	for name, url := range map[string]string{"direct": peer.URL, "gateway": front.URL} {
		b.Run(name, func(b *testing.B) {
			transport := &http.Transport{DisableCompression: true}
			defer transport.CloseIdleConnections()
			client := http.Client{Transport: transport}
			b.ReportAllocs()
			for b.Loop() {
				res, err := client.Get(url + "/api/catalog/x")
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		})
	}
}
