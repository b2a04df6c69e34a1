package rely_test

import (
	"runtime"
	"testing"
)

// TestSizeOfLargeCatalog holds 20,000 entities of about a kilobyte, with the journal full, in less than 80 MB.
func TestSizeOfLargeCatalog(t *testing.T) {
	if testing.Short() {
		t.Skip("20,000 entities")
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sim, c := start(t)
	c.want(200, "", "PUT", "/api/v1/blueprints/bulk?user_editable=false", wide())
	for i := range 200 {
		list := make([]string, 100)
		for j := range list {
			list[j] = wideEntity(i*100 + j)
		}
		if status, text, _ := c.do("POST", "/api/v1/tasks", task(list...)); status != 201 {
			t.Fatal(text)
		}
	}
	if n := len(sim.IDs()); n != 20_000 {
		t.Fatalf("%d entities", n)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	used := int(after.HeapAlloc-before.HeapAlloc) >> 20
	t.Logf("%d MB", used)
	if used > 80 {
		t.Errorf("%d MB for 20,000 entities", used)
	}
	runtime.KeepAlive(sim)
}
