package joined_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// TestSharedFile: both backends read Node's own files. --only and --listen are all that Understudy is told besides, and nothing is
// hosted without them.
func TestSharedFile(t *testing.T) {
	b := start(t, stage.Options{Shared: true})
	b.swept(t)
	token := b.signIn(t, jane, platform)
	if a := ask(t, http.MethodGet, b.theirs("/api/proxy/understudy/spacelift-io/stacks"), token, nil); a.Status != http.StatusOK {
		t.Errorf("stacks through Node's proxy: %s", a)
	}
	var started struct{ RunID string }
	a := ask(t, http.MethodPost, b.theirs("/api/proxy/understudy/rely/migrate"), token, nil)
	if err := a.JSON(&started); err != nil || a.Status >= 300 {
		t.Fatalf("an export: %s", a)
	}
	if r := b.finished(t, started.RunID); r.Status != "succeeded" || r.Counts.Read == 0 {
		t.Errorf("the export: %+v", r)
	}
	out, err := b.Run(t.Context(), "check", "--only", "rely,spacelift-io,understudy", "--listen", strings.TrimPrefix(b.ours(""), "http://"))
	for _, step := range []string{"peer.catalog.token.rely", "peer.auth.user-keys", "proxy.spacelift-io"} {
		if !strings.Contains(out, "ok       "+step) {
			t.Errorf("%s is not well", step)
		}
	}
	if err != nil {
		t.Errorf("the check: %v", err)
	}
	if t.Failed() {
		t.Log(out)
	}
	before := schemas(t, b)
	if out, err := b.Run(t.Context(), "check"); err == nil || !strings.Contains(out, "--only rely,spacelift-io,understudy") {
		t.Errorf("without --only: %v\n%s", err, out)
	}
	if after := schemas(t, b); after != before || strings.Contains(after, "understudy_auth") || strings.Contains(after, "understudy_catalog") {
		t.Errorf("schemas were %s, and are %s", before, after)
	}
}

// schemas are those in the databases of the plugins that are Node's.
func schemas(t *testing.T, b *bench) string {
	t.Helper()
	var all []string
	for _, plugin := range []string{"auth", "catalog"} {
		dsn, err := b.Database(plugin)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := pgx.Connect(t.Context(), dsn)
		if err != nil {
			t.Fatal(err)
		}
		var names string
		err = conn.QueryRow(t.Context(), `SELECT string_agg(nspname, ' ' ORDER BY nspname) FROM pg_namespace WHERE nspname !~ '^pg_'`).Scan(&names)
		if err := errors.Join(err, conn.Close(t.Context())); err != nil {
			t.Fatal(err)
		}
		all = append(all, plugin+": "+names)
	}
	return strings.Join(all, "; ")
}
