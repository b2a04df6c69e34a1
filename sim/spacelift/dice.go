package spacelift

import "time"

// dice is splitmix64: small, without allocation, and the same on every machine. It makes up data; it keeps no secret.
type dice uint64

// mix makes one seed of many numbers.
func mix(parts ...uint64) uint64 {
	d := dice(0x9e3779b97f4a7c15)
	for _, part := range parts {
		d ^= dice(part)
		d = dice(d.next())
	}
	return uint64(d)
}

func mixString(seed uint64, text string) uint64 {
	hash := uint64(14695981039346656037)
	for i := range len(text) {
		hash = (hash ^ uint64(text[i])) * 1099511628211
	}
	return mix(seed, hash)
}

func roll(parts ...uint64) *dice {
	d := dice(mix(parts...))
	return &d
}

func (d *dice) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func (d *dice) below(n int) int { return int(d.next() % uint64(n)) } //nolint:gosec // n is small and positive

func (d *dice) chance(percent int) bool { return d.below(100) < percent }

func (d *dice) float() float64 { return float64(d.next()>>11) / (1 << 53) }

func (d *dice) pick(of []string) string { return of[d.below(len(of))] }

// about is the duration give or take 30 % (spacelift.md 8.3).
func (d *dice) about(base time.Duration) time.Duration {
	return time.Duration(float64(base) * (0.7 + 0.6*d.float()))
}

// weighted picks by weights that stand before each value.
func weighted[T any](d *dice, choices []choice[T]) T {
	total := 0
	for _, c := range choices {
		total += c.weight
	}
	at := d.below(total)
	for _, c := range choices {
		if at -= c.weight; at < 0 {
			return c.value
		}
	}
	return choices[len(choices)-1].value
}

type choice[T any] struct {
	weight int
	value  T
}
