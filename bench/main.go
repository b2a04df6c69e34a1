// Command bench measures a built understudy as a whole process, side by side with a bare Go HTTP handler that writes
// the same number of bytes, on this machine and under the same load.
//
//	make bench
//	go run ./bench -bin bin/understudy -entities 100000 -only sqlite -what catalog
//	go run ./test/withpostgres -- go run ./bench -bin bin/understudy -what joined
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/test/joined/stage"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "bare" {
		if err := serveBare(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	bin := flag.String("bin", "bin/understudy", "the binary to measure")
	entities := flag.Int("entities", 10_000, "how many entities the catalog holds")
	connections := flag.Int("connections", 16, "how many connections ask at once")
	seconds := flag.Duration("for", 5*time.Second, "how long each request is repeated")
	only := flag.String("only", "", "sqlite or postgresql: measure on that database alone")
	what := flag.String("what", "catalog,spacelift,export", "what to measure; joined is beside a Node backend")
	exported := flag.Int("exported", 65_000, "how many entities an export sends")
	watch := flag.Duration("watch", time.Minute, "how long viewers of Spacelift's stacks poll")
	var j joinedPlan
	flag.StringVar(&j.set, "set", stage.Newest, "joined: which packages the Node side has")
	flag.IntVar(&j.entities, "joined", 20_000, "joined: how many entities Node's catalog holds; 0 leaves the export out")
	flag.StringVar(&j.accounts, "accounts", "demo,large", "joined: the simulated accounts whose stacks are asked for")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, plan{*bin, *entities, *connections, *seconds, *only, strings.Split(*what, ","), *exported, *watch, j})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// plan is what to measure.
type plan struct {
	bin         string
	entities    int
	connections int
	each        time.Duration
	only        string
	what        []string
	exported    int
	watch       time.Duration
	joined      joinedPlan
}

func run(ctx context.Context, p plan) error {
	fmt.Printf("%d entities, %d connections, %s a request, %d CPUs, %s\n", p.entities, p.connections, p.each, runtime.NumCPU(), runtime.Version())
	if slices.Contains(p.what, "joined") {
		if err := measureJoined(ctx, p); err != nil {
			return fmt.Errorf("joined: %w", err)
		}
	}
	for _, database := range []string{"sqlite", "postgresql"} {
		if !slices.ContainsFunc(p.what, func(part string) bool { return part != "joined" }) {
			break
		}
		if p.only != "" && p.only != database {
			continue
		}
		section, drop, err := databaseSection(ctx, database)
		if err != nil {
			return err
		}
		if section == "" && database == "postgresql" {
			fmt.Println("\npostgresql: not measured, UNDERSTUDY_TEST_POSTGRES is not set (make bench sets it)")
			continue
		}
		fmt.Printf("\n## %s\n\n", database)
		for _, part := range []struct {
			name    string
			measure func(ctx context.Context, p plan, section string) error
		}{{"catalog", measureCatalog}, {"spacelift", measureSpacelift}, {"export", measureExport}} {
			if slices.Contains(p.what, part.name) && err == nil {
				err = part.measure(ctx, p, section)
			}
		}
		drop()
		if err != nil {
			return fmt.Errorf("%s: %w", database, err)
		}
	}
	return nil
}

func measureCatalog(ctx context.Context, p plan, section string) error {
	s, err := newSubject(p, section)
	if err != nil {
		return err
	}
	defer s.remove()
	if err := s.measureStart(ctx, "start to ready, empty store", nil); err != nil {
		return err
	}
	if err := s.measureIngest(ctx); err != nil {
		return err
	}
	if err := s.measureRequests(ctx); err != nil {
		return err
	}
	if err := s.measureIdle(ctx); err != nil {
		return err
	}
	if section != "" {
		if err := s.measureReplicas(ctx); err != nil {
			return err
		}
	}
	if err := s.stop(); err != nil {
		return err
	}
	return s.measureStart(ctx, "start to ready, filled store", func() error { return s.hold(ctx) })
}

func row(what string, values ...string) {
	fmt.Printf("| %-44s | %s |\n", what, strings.Join(values, " | "))
}
