package joined_test

import (
	"fmt"
	"maps"
	"net/http"
	"os/exec"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

// restless is what Node changes by itself, with nobody beside it: tables, and columns of tables. A table without columns
// differs as a whole.
var restless = map[string][]string{
	// A key at a start that signs, and another each hour.
	"*/backstage_backend_public_keys__keys": nil,
	// When what ran, and runs next.
	"*/backstage_backend_tasks__tasks": nil,
	// A key at a start.
	"auth/signing_keys": nil,
	// Each sign-in.
	"auth/user_info":        {"updated_at"},
	"catalog/refresh_state": {"next_update_at", "last_discovery_at"},
}

// snapshot is the schema of Node's databases, and the rows of each of their tables as JSON.
type snapshot struct {
	schema map[string]string
	rows   map[string][]string
}

// TestRemoval has a Backstage run by itself, then joined and in use, then by itself again with ours dropped. Its databases
// must be what they would be had nobody joined it: what differs between the first two of its own starts may differ, and
// nothing else (docs/joined.md, "Taking it away").
func TestRemoval(t *testing.T) {
	b := prepare(t, stage.Options{Rely: unlimited()})
	alone, err := b.NodeAlone()
	if err != nil {
		t.Fatal(err)
	}
	var before, again, after snapshot
	b.alone(t, alone, &before)
	b.alone(t, alone, &again)
	compare(t, "two starts of Node by itself", before, again)
	names, err := b.Databases(t.Context())
	if err != nil {
		t.Fatal(err)
	}

	b.inUse(t)
	listed, err := b.Run(t.Context(), "database", "drop")
	if err != nil || !strings.Contains(listed, "understudy_rely") || !strings.Contains(listed, "understudy_spacelift") {
		t.Fatalf("what is ours is listed: %v\n%s", err, listed)
	}
	if out, err := b.Run(t.Context(), "database", "drop", "--yes"); err != nil {
		t.Fatalf("drop: %v\n%s", err, out)
	}
	b.alone(t, alone, &after)
	compare(t, "before joining and after", before, after)

	// The databases that we made are left, with nothing in them: Node may have made them.
	left, err := b.Databases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range left {
		if slices.Contains(names, name) {
			continue
		}
		if tables := b.tables(t, strings.TrimPrefix(name, b.Prefix())); len(tables) > 0 {
			t.Errorf("%s is left, with %v", name, tables)
		}
	}
}

// alone runs Node without us, has a user sign in, and takes a snapshot once it has ended.
func (b *bench) alone(t *testing.T, node *stage.Process, into *snapshot) {
	t.Helper()
	if err := node.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.settled(t)
	b.signIn(t, jane, platform)
	if err := node.Stop(); err != nil {
		t.Fatal(err)
	}
	*into = b.snapshot(t)
}

// settled waits until the catalog is what the provider gave it, relations and all.
func (b *bench) settled(t *testing.T) {
	t.Helper()
	until(t, "Node's catalog settles", func() bool {
		answer, err := stage.Ask(t.Context(), http.MethodGet, b.theirs("/api/catalog/entities"), stage.Token, nil)
		var list []struct{ Relations []any }
		if err != nil || answer.Status != http.StatusOK || answer.JSON(&list) != nil || len(list) != stage.Base {
			return false
		}
		// Every entity of the base is related to another.
		return !slices.ContainsFunc(list, func(e struct{ Relations []any }) bool { return len(e.Relations) == 0 })
	})
}

// inUse joins and uses both plugins.
func (b *bench) inUse(t *testing.T) {
	t.Helper()
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.settled(t)
	b.swept(t)
	user := b.signIn(t, jane, platform)
	b.works(t, "joined", user)
	answer := ask(t, http.MethodPost, b.theirs("/api/proxy/understudy/rely/migrate"), user, nil)
	var started struct{ RunID string }
	if err := answer.JSON(&started); err != nil || answer.Status != http.StatusAccepted {
		t.Fatalf("export: %s", answer)
	}
	if r := b.finished(t, started.RunID); r.Status != "succeeded" || r.Counts.Read != stage.Base {
		t.Errorf("the export is %+v", r)
	}
	if answer := ask(t, http.MethodPost, b.theirs("/api/proxy/understudy/spacelift-io/stacks/prod-network/trigger"), user, nil); answer.Status != http.StatusOK {
		t.Errorf("trigger: %s", answer)
	}
	for _, p := range []*stage.Process{b.Understudy[0], b.Node} {
		if err := p.Stop(); err != nil {
			t.Fatal(err)
		}
	}
}

// node are the databases that the plugins of Node have.
var node = []string{"auth", "catalog", "events", "mallory", "permission", "probe", "proxy"}

func (b *bench) snapshot(t *testing.T) snapshot {
	t.Helper()
	s := snapshot{schema: map[string]string{}, rows: map[string][]string{}}
	there, err := b.Databases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, plugin := range node {
		if !slices.Contains(there, b.Prefix()+plugin) {
			continue
		}
		s.schema[plugin] = b.schema(t, plugin)
		for _, table := range b.tables(t, plugin) {
			name := plugin + "/" + table
			s.rows[name] = b.rows(t, plugin, table, columnsOf(name))
		}
	}
	return s
}

// columnsOf are those of a table that may differ.
func columnsOf(name string) []string {
	if name == "auth/user_info" && oldest() {
		return []string{"user_info", "exp"} // both have the end of the last token
	}
	for _, key := range []string{name, "*/" + path.Base(name)} {
		if columns, ok := restless[key]; ok {
			return columns
		}
	}
	return nil
}

func wholly(name string) bool {
	for _, key := range []string{name, "*/" + path.Base(name)} {
		if columns, ok := restless[key]; ok {
			return columns == nil
		}
	}
	return false
}

func (b *bench) connect(t *testing.T, plugin string) *pgx.Conn {
	t.Helper()
	address, err := b.Database(plugin)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// tables are all of a database, whatever schema they are in.
func (b *bench) tables(t *testing.T, plugin string) []string {
	t.Helper()
	conn := b.connect(t, plugin)
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `SELECT CASE schemaname WHEN 'public' THEN tablename ELSE schemaname || '.' || tablename END
		FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// rows are those of a table, without some columns, in the order of their text.
func (b *bench) rows(t *testing.T, plugin, table string, without []string) []string {
	t.Helper()
	conn := b.connect(t, plugin)
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), fmt.Sprintf(`SELECT (to_jsonb(t) - $1::text[])::text COLLATE "C" FROM %s t ORDER BY 1`,
		pgx.Identifier(strings.Split(table, ".")).Sanitize()), append([]string{}, without...))
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatalf("%s/%s: %v", plugin, table, err)
	}
	return list
}

// schema is what pg_dump says of a database.
func (b *bench) schema(t *testing.T, plugin string) string {
	t.Helper()
	address, err := b.Database(plugin)
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "pg_dump", "--schema-only", address).Output()
	if err != nil {
		t.Fatalf("pg_dump of %s: %v", plugin, err)
	}
	// Newer versions guard their output with a word of their own each time.
	lines := slices.DeleteFunc(strings.Split(string(out), "\n"), func(line string) bool {
		return strings.HasPrefix(line, `\restrict`) || strings.HasPrefix(line, `\unrestrict`)
	})
	return strings.Join(lines, "\n")
}

func compare(t *testing.T, what string, before, after snapshot) {
	t.Helper()
	if diff := cmp.Diff(before.schema, after.schema); diff != "" {
		t.Errorf("%s: the schema (-before +after):\n%s", what, diff)
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(before.rows)), slices.Sorted(maps.Keys(after.rows))); diff != "" {
		t.Errorf("%s: the tables (-before +after):\n%s", what, diff)
	}
	same, rows := 0, 0
	for _, name := range slices.Sorted(maps.Keys(before.rows)) {
		if wholly(name) {
			continue
		}
		if diff := cmp.Diff(before.rows[name], after.rows[name]); diff != "" {
			t.Errorf("%s: %s (-before +after):\n%s", what, name, diff)
			continue
		}
		same, rows = same+1, rows+len(after.rows[name])
	}
	t.Logf("%s: %d tables with %d rows are the same", what, same, rows)
}
