package export

import (
	"testing"
	"time"
)

func TestPatience(t *testing.T) {
	t.Parallel()
	var p patience
	if got := p.first(time.Second); got != 125*time.Millisecond {
		t.Errorf("with no ticket known the first poll is after %s", got)
	}
	for range 10 { // a destination that is done at once
		p.learn(true, p.first(time.Second))
	}
	if got := p.first(time.Second); got > 2*time.Millisecond {
		t.Errorf("after tickets that had always settled the first poll is still after %s", got)
	}
	p.learn(false, 400*time.Millisecond)
	if got := p.first(time.Second); got != 400*time.Millisecond {
		t.Errorf("after a ticket of 400 ms the first poll is after %s", got)
	}
	p.learn(false, time.Hour)
	if got := p.first(time.Second); got != time.Second {
		t.Errorf("after a ticket of an hour the first poll is after %s, beyond the time between two polls", got)
	}
	if got := p.first(0); got != time.Millisecond {
		t.Errorf("without a time between polls the first is after %s", got)
	}
}
