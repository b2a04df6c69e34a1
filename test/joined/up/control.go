package main

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// control is for those who drive the stage from another process, such as a browser's tests: the control port of Spacelift's
// simulator below /spacelift, and a POST of /<process>/stop, kill or start for a process by its name in the line, which answers
// when it is done.
type control struct {
	URL    string
	server *http.Server
}

func openControl(ctx context.Context, s *stage.Stage) (*control, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/spacelift/", http.StripPrefix("/spacelift", s.Spacelift.Control()))
	for _, p := range append([]*stage.Process{s.Node}, s.Understudy...) {
		mux.HandleFunc("POST /"+p.Name+"/stop", doing(func(context.Context) error { return p.Stop() }))
		mux.HandleFunc("POST /"+p.Name+"/kill", doing(func(context.Context) error { return p.Kill() }))
		mux.HandleFunc("POST /"+p.Name+"/start", doing(p.Start))
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // until close
	return &control{URL: "http://" + listener.Addr().String(), server: server}, nil
}

func doing(work func(context.Context) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := work(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

func (c *control) close() error { return c.server.Close() }
