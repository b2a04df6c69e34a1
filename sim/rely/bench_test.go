package rely_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
)

// BenchmarkTasks upserts entities of about a kilobyte, a hundred in a task, over HTTP. 20,000 entities/s on one core are
// promised.
func BenchmarkTasks(b *testing.B) {
	runtime.GOMAXPROCS(1)
	sim, c := start(benchmark{b})
	c.want(200, "", "PUT", "/api/v1/blueprints/bulk?user_editable=false", wide())
	bodies := make([]string, 20)
	for i := range bodies {
		var list []string
		for j := range 100 {
			list = append(list, wideEntity(i*100+j))
		}
		bodies[i] = task(list...)
	}
	b.SetBytes(int64(len(bodies[0])))
	b.ResetTimer()
	for i := range b.N {
		if i%len(bodies) == 0 {
			b.StopTimer()
			if err := sim.Reset(); err != nil {
				b.Fatal(err)
			}
			c.want(200, "", "PUT", "/api/v1/blueprints/bulk?user_editable=false", wide())
			b.StartTimer()
		}
		if status, text, _ := c.do(http.MethodPost, "/api/v1/tasks", bodies[i%len(bodies)]); status != 201 {
			b.Fatal(text)
		}
	}
	b.ReportMetric(float64(b.N*100)/b.Elapsed().Seconds(), "entities/s")
	_ = rely.Token
}

// benchmark lets start be used by benchmarks.
type benchmark struct{ *testing.B }

func wide() string {
	var properties []string
	for i := range 14 {
		properties = append(properties, fmt.Sprintf(`"p%d":{"type":"string"}`, i))
	}
	return fmt.Sprintf(`[{"id":"wide","title":"Wide","schemaProperties":{"type":"object","properties":{%s,"url":{"type":"string","format":"url"},"labels":{"type":"object"}}},
		"relations":{"parts":{"value":"wide","array":true}}}]`, strings.Join(properties, ","))
}

func wideEntity(i int) string {
	var properties []string
	for p := range 14 {
		properties = append(properties, fmt.Sprintf(`"p%d":"the value of property %d of entity %d, which has some length"`, p, p, i))
	}
	return fmt.Sprintf(`{"id":"component.default.e%d","blueprintId":"wide","title":"Entity %d","description":"","properties":{"labels":{"language":"go","team":"x"},%s,"url":"https://example.com/acme/e%d"},"relations":{"parts":{"value":["component.default.e1","component.default.e2"]}}}`,
		i, i, strings.Join(properties, ","), i)
}
