package httpapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-portal/understudy/catalog/internal/index/indextest"
)

// client speaks just enough HTTP over one connection to cost little beside the server.
type client struct {
	conn net.Conn
	read *bufio.Reader
}

func dial(b *testing.B, address string) *client {
	b.Helper()
	conn, err := (&net.Dialer{}).DialContext(b.Context(), "tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	return &client{conn: conn, read: bufio.NewReaderSize(conn, 64<<10)}
}

func (c *client) do(request []byte) (int64, error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	res, err := http.ReadResponse(c.read, nil)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	return n, err
}

// load sends a request again and again over 16 connections and reports requests a second, the 99th percentile and the
// size of the answer.
func load(b *testing.B, address, method, path, body string) {
	b.Helper()
	request := fmt.Appendf(nil, "%s /api/catalog%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", method, path, len(body), body)
	var mu sync.Mutex
	var times []time.Duration
	var size int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		c := dial(b, address)
		defer func() { _ = c.conn.Close() }()
		var own []time.Duration
		var n int64
		for pb.Next() {
			start := time.Now()
			var err error
			if n, err = c.do(request); err != nil {
				b.Error(err)
				return
			}
			own = append(own, time.Since(start))
		}
		mu.Lock()
		defer mu.Unlock()
		times, size = append(times, own...), n
	})
	slices.Sort(times)
	if len(times) > 0 {
		b.ReportMetric(float64(len(times))/b.Elapsed().Seconds(), "req/s")
		b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
		b.ReportMetric(float64(size)/1024, "KiB")
	}
}

// BenchmarkHTTP measures whole requests, with the client on the same cores. "bare" is what net/http alone does with an
// answer of the same size: the figure to compare with on a busy machine.
func BenchmarkHTTP(b *testing.B) {
	refs := make([]string, 100)
	for _, n := range []int{10_000, 100_000} {
		changes := indextest.Generate(n, 7)
		for i := range refs {
			refs[i] = `"` + changes[i*n/100].Ref + `"`
		}
		s := serve(b, changes...)
		address := strings.TrimPrefix(s.URL, "http://")
		for _, c := range []struct{ name, method, path, body string }{
			{"by name", "GET", "/entities/by-name/" + strings.NewReplacer(":", "/").Replace(changes[n/2].Ref), ""},
			{"sorted page of 20", "GET", "/entities/by-query?filter=kind=component&orderField=metadata.name,asc&limit=20", ""},
			{"the same, fields", "GET", "/entities/by-query?filter=kind=component&orderField=metadata.name,asc&limit=20&fields=kind,metadata.namespace,metadata.name,spec.type", ""},
			{"full text", "GET", "/entities/by-query?filter=kind=component&orderField=metadata.name,asc&limit=20&fullTextFilterTerm=ing-re&fullTextFilterFields=metadata.name,metadata.title", ""},
			{"facets", "GET", "/entity-facets?facet=kind&facet=spec.type", ""},
			{"500 entities", "GET", "/entities?limit=500", ""},
			{"100 refs", "POST", "/entities/by-refs", `{"entityRefs":[` + strings.Join(refs, ",") + `]}`},
		} {
			b.Run(fmt.Sprintf("%d/%s", n, c.name), func(b *testing.B) { load(b, address, c.method, c.path, c.body) })
			size := len(s.do(c.method, c.path, c.body).body)
			bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Content-Type"] = []string{"application/json"}
				_, _ = w.Write(make([]byte, size))
			}))
			b.Run(fmt.Sprintf("%d/%s, bare", n, c.name), func(b *testing.B) {
				load(b, strings.TrimPrefix(bare.URL, "http://"), c.method, c.path, c.body)
			})
			bare.Close()
		}
	}
}
