package router_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/host/router"
)

// TestBridgeVersion wants a bridge and the server to tell each other their versions, and nobody else to be told.
func TestBridgeVersion(t *testing.T) {
	t.Parallel()
	var log logBuffer
	rt, err := router.New(router.Config{Listen: "127.0.0.1:0"}, router.Options{Version: "1.2.3", Log: slog.New(slog.NewJSONHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	f := serve(t, rt)
	const live = "/.backstage/health/v1/liveness"
	if told := f.get(live).Header.Get("Understudy-Version"); told != "" {
		t.Errorf("anybody is told %q", told)
	}
	for _, bridge := range []string{"1.2.4", "1.2.4", strings.Repeat("9", 100)} {
		a := f.get(live, "Understudy-Bridge: "+bridge)
		if told := a.Header.Get("Understudy-Version"); told != "1.2.3" {
			t.Errorf("a bridge is told %q", told)
		}
	}
	lines := log.lines(t, func(fields map[string]any) bool { return fields["msg"] == "a bridge in a Node backend is there" })
	if len(lines) != 2 || lines[0]["bridge"] != "1.2.4" || lines[1]["bridge"] != strings.Repeat("9", 32) {
		t.Errorf("the log says: %v", lines)
	}
}
