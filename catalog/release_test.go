package catalog

import (
	"slices"
	"testing"
)

func TestBurst(t *testing.T) {
	t.Parallel()
	var b burst
	var over []bool
	for _, count := range []int64{5000, 9000, 9000, 9000, 9100, 9100, 10_900, 10_900, 11_000, 11_000, 11_000} {
		over = append(over, b.over(count))
	}
	want := []bool{false, false, true, false, false, false, false, false, false, true, false}
	if !slices.Equal(over, want) {
		t.Errorf("over %v, want %v", over, want)
	}
}
