package stage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Variable names the PostgreSQL server that the stage's databases are made on; test/withpostgres sets it.
const Variable = "UNDERSTUDY_TEST_POSTGRES"

// databases are those of one stage, told from others on the same server by a prefix.
type databases struct{ server, prefix string }

func newDatabases() (databases, error) {
	server := os.Getenv(Variable)
	if server == "" {
		return databases{}, fmt.Errorf("%s is not set; run by `go run ./test/withpostgres -- …`", Variable)
	}
	return databases{server: server, prefix: "joined_" + strings.ToLower(rand.Text()[:8]) + "_"}, nil
}

// of is the address of a plugin's database.
func (d databases) of(plugin string) (string, error) {
	u, err := url.Parse(d.server)
	if err != nil {
		return "", fmt.Errorf("%s is not an address", Variable)
	}
	u.Path = "/" + d.prefix + plugin
	return u.String(), nil
}

// names lists those that exist.
func (d databases) names(ctx context.Context) ([]string, error) {
	conn, err := pgx.Connect(ctx, d.server)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname`, d.prefix)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

func (d databases) drop() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	names, err := d.names(ctx)
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, d.server)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	for _, name := range names {
		_, e := conn.Exec(ctx, "DROP DATABASE "+pgx.Identifier{name}.Sanitize()+" WITH (FORCE)")
		err = errors.Join(err, e)
	}
	return err
}
