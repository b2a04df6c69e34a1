package golden_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/understudy-portal/understudy/entity"
)

// pair is one recorded request with its response, as README.md describes.
type pair struct {
	Name    string `json:"name"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body"`
	} `json:"request"`
	Response struct {
		Status          int             `json:"status"`
		StandardHeaders bool            `json:"standardHeaders"`
		Headers         map[string]any  `json:"headers"`
		Body            json.RawMessage `json:"body"`
	} `json:"response"`
}

// recorded reads one file of pairs.
func recorded(t *testing.T, file string) []pair {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var pairs []pair
	if err := json.Unmarshal(data, &pairs); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return pairs
}

// uids maps the uids in the recorded bodies to the refs of their entities.
func uids(pairs []pair) map[string]string {
	found := map[string]string{}
	var visit func(v any)
	visit = func(v any) {
		switch v := v.(type) {
		case []any:
			for _, item := range v {
				visit(item)
			}
		case *entity.Object:
			e := entity.FromObject(v)
			if uid, ok := v.Path("metadata", "uid").(string); ok && e.Kind() != "" && e.Name() != "" {
				found[uid] = e.Ref().String()
			}
			for _, member := range v.All() {
				visit(member)
			}
		}
	}
	for _, p := range pairs {
		if v, err := entity.ParseJSON(p.Response.Body); err == nil {
			visit(v)
		}
	}
	return found
}
