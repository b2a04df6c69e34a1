package rely_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/rely/relytest"
)

func TestWhatWasSentOutlivesTheProcess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state.json")
	first := relytest.Start(t, rely.Options{Generation: "both"})
	ctx, cancel := context.WithCancel(t.Context())
	kept := make(chan error, 1)
	go func() { kept <- first.Keep(ctx, file) }()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, first.URL+"/api/v1/entities",
		strings.NewReader(`{"id":"component.default.a","blueprintId":"service","title":"A < B & C","properties":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+rely.Token)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		t.Fatalf("create: %s", resp.Status)
	}
	cancel()
	if err := <-kept; err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), rely.Token) {
		t.Errorf("the file: %v %s", err, text)
	}

	second := rely.New(rely.Options{})
	if err := second.Load(file); err != nil {
		t.Fatal(err)
	}
	if got, want := second.Digest(), first.Digest(); got != want {
		t.Errorf("the digest is %s, was %s", got, want)
	}
	before, _ := first.Entity("component.default.a")
	if after, ok := second.Entity("component.default.a"); !ok || string(after) != string(before) {
		t.Errorf("the entity is %s, was %s", after, before)
	}
	if err := rely.New(rely.Options{}).Load(filepath.Join(t.TempDir(), "none")); err != nil {
		t.Errorf("without a file: %v", err)
	}
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := rely.New(rely.Options{}).Load(file); err == nil || !strings.Contains(err.Error(), "remove the file") {
		t.Errorf("a broken file: %v", err)
	}
}
