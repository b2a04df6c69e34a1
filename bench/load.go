package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// result is what one load found.
type result struct {
	requests int
	took     time.Duration
	bytes    int // of one body
	p50, p99 time.Duration
}

func (r result) perSecond() float64 { return float64(r.requests) / r.took.Seconds() }

// hammer repeats requests over keep-alive connections until the time is up. The client is written by hand, because
// net/http's costs as much as the server that it measures, and both share the machine.
func hammer(ctx context.Context, addr string, connections int, each time.Duration, requests []string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, each)
	defer cancel()
	var (
		mu        sync.Mutex
		latencies []time.Duration
		size      int
		failures  error
		wg        sync.WaitGroup
	)
	began := time.Now()
	for c := range connections {
		wg.Go(func() {
			mine, n, err := repeat(ctx, addr, requests, c)
			mu.Lock()
			defer mu.Unlock()
			latencies, size, failures = append(latencies, mine...), max(size, n), errors.Join(failures, err)
		})
	}
	wg.Wait()
	if failures != nil {
		return result{}, failures
	}
	if len(latencies) == 0 {
		return result{}, errors.New("no request was answered in the time")
	}
	slices.Sort(latencies)
	at := func(q float64) time.Duration { return latencies[int(q*float64(len(latencies)-1))] }
	return result{len(latencies), time.Since(began), size, at(0.5), at(0.99)}, nil
}

// repeat sends the requests in turn, starting at a place of its own, over one connection.
func repeat(ctx context.Context, addr string, requests []string, offset int) (latencies []time.Duration, size int, err error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = conn.Close() }()
	reader := bufio.NewReaderSize(conn, 64<<10)
	for i := offset; ctx.Err() == nil; i++ {
		began := time.Now()
		if _, err := io.WriteString(conn, requests[i%len(requests)]); err != nil {
			return nil, 0, err
		}
		n, err := readResponse(reader)
		if err != nil {
			return nil, 0, fmt.Errorf("%s: %w", strings.SplitN(requests[i%len(requests)], "\r\n", 2)[0], err)
		}
		latencies, size = append(latencies, time.Since(began)), max(size, n)
	}
	return latencies, size, nil
}

// readResponse reads one response of status 200, or 304, which has no body, and returns the length of its body.
func readResponse(r *bufio.Reader) (int, error) {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	empty := strings.HasPrefix(string(line), "HTTP/1.1 304")
	if !empty && !strings.HasPrefix(string(line), "HTTP/1.1 200") {
		return 0, fmt.Errorf("answered %q", strings.TrimSpace(string(line)))
	}
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		name, value, _ := strings.Cut(string(line), ":")
		if strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return 0, err
			}
		}
	}
	if empty {
		return 0, nil
	}
	if length >= 0 {
		_, err := r.Discard(length)
		return length, err
	}
	return readChunks(r)
}

func readChunks(r *bufio.Reader) (total int, err error) {
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 64)
		if err != nil {
			return 0, err
		}
		if _, err := r.Discard(int(n) + 2); err != nil {
			return 0, err
		}
		if n == 0 {
			return total, nil
		}
		total += int(n)
	}
}

// get is the text of a GET request.
func get(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token + "\r\n\r\n"
}

// post is the text of a POST request with a JSON body.
func post(path, body string) string {
	return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// serveBare answers /<n> with n bytes, on the given address: the limit of what Go's server can do here.
func serveBare(addr string) error {
	bodies := sync.Map{}
	server := http.Server{Addr: addr, ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies.Load(r.URL.Path)
		if !ok {
			n, err := strconv.Atoi(strings.TrimPrefix(r.URL.Path, "/"))
			if err != nil {
				http.NotFound(w, r)
				return
			}
			body, _ = bodies.LoadOrStore(r.URL.Path, []byte(strings.Repeat("x", n)))
		}
		data := body.([]byte)
		w.Header().Set("Content-Length", strconv.Itoa(len(data)))
		_, _ = w.Write(data) // a client that left
	})}
	return server.ListenAndServe()
}
