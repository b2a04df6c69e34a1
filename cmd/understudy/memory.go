package main

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// The collector runs when the heap has grown by so much since the last time: by as much again, as Go has it, but by no
// more than slack. Otherwise a catalog of 65,000 entities, of which 150 MiB are alive, would take another 150 MiB during
// an export for nothing but its garbage. Below smallest the collector would take the processor for itself.
const (
	slack    = 96 << 20
	smallest = 25
	usual    = 100
)

// collectSooner has run go on with the collector tuned so, unless the environment sets GOGC: then its owner knows better.
func collectSooner(ctx context.Context, environ []string, run func(context.Context) error) error {
	if lookup(environ, "GOGC") != "" {
		return run(ctx)
	}
	tuned, stop := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tuneCollector(tuned)
	}()
	defer func() {
		stop()
		<-done
	}()
	return run(ctx)
}

func tuneCollector(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	defer debug.SetGCPercent(usual)
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	now := usual
	for {
		metrics.Read(sample)
		if next := collectAt(sample[0].Value.Uint64()); next != now {
			now = next
			debug.SetGCPercent(next)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// collectAt is by how many percent a heap may grow of which so many bytes are alive, in steps of five.
func collectAt(live uint64) int {
	if live <= slack {
		return usual
	}
	return max(smallest, int(slack*100/live)/5*5)
}
