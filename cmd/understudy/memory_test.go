package main

import "testing"

func TestCollectAt(t *testing.T) {
	for live, want := range map[uint64]int{0: 100, 96 << 20: 100, 97 << 20: 95, 192 << 20: 50, 384 << 20: 25, 4 << 30: 25} {
		if got := collectAt(live); got != want {
			t.Errorf("%d MiB alive: %d %%, want %d", live>>20, got, want)
		}
	}
}
