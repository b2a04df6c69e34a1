package config

import "fmt"

// String returns the non-empty text at path. A number is no text: upstream's getString rejects it, and so does this.
func (c *Config) String(path string) (string, error) { return must(c, path, textOf) }

// OptionalString is String for a key that may be absent.
func (c *Config) OptionalString(path string) (string, bool, error) { return maybe(c, path, textOf) }

// Number returns the number at path, or a text that JavaScript's Number() reads as one ("0x10" is 16, "" is 0).
func (c *Config) Number(path string) (float64, error) { return must(c, path, numberOf) }

// OptionalNumber is Number for a key that may be absent.
func (c *Config) OptionalNumber(path string) (float64, bool, error) { return maybe(c, path, numberOf) }

// Bool returns the boolean at path; y, yes, true, 1, on and n, no, false, 0, off are read as one.
func (c *Config) Bool(path string) (bool, error) { return must(c, path, boolOf) }

// OptionalBool is Bool for a key that may be absent.
func (c *Config) OptionalBool(path string) (value, ok bool, err error) { return maybe(c, path, boolOf) }

// Strings returns the list of non-empty texts at path.
func (c *Config) Strings(path string) ([]string, error) { return must(c, path, textsOf) }

// OptionalStrings is Strings for a key that may be absent.
func (c *Config) OptionalStrings(path string) ([]string, bool, error) { return maybe(c, path, textsOf) }

// Secret returns the text at path as a secret, and adds it to what Secrets lists.
func (c *Config) Secret(path string) (Secret, error) {
	text, err := c.String(path)
	if err != nil {
		return Secret{}, err
	}
	return c.keep(text), nil
}

// OptionalSecret is Secret for a key that may be absent.
func (c *Config) OptionalSecret(path string) (Secret, bool, error) {
	text, ok, err := c.OptionalString(path)
	if err != nil || !ok {
		return Secret{}, false, err
	}
	return c.keep(text), true, nil
}

func (c *Config) keep(text string) Secret {
	c.shared.mu.Lock()
	defer c.shared.mu.Unlock()
	c.shared.secrets[text] = true
	return NewSecret(text)
}

// Duration returns the duration at path (core.md 1.7).
func (c *Config) Duration(path string) (Duration, error) {
	n, err := c.required(path)
	if err != nil {
		return 0, err
	}
	return c.duration(path, n)
}

// OptionalDuration is Duration for a key that may be absent.
func (c *Config) OptionalDuration(path string) (Duration, bool, error) {
	n, err := c.read(path)
	if err != nil || !n.present() {
		return 0, false, err
	}
	d, err := c.duration(path, n)
	return d, err == nil, err
}

// OptionalMillis is OptionalDuration for the few keys where a plain number means milliseconds (core.md 2.1, 14.2).
func (c *Config) OptionalMillis(path string) (Duration, bool, error) {
	n, err := c.read(path)
	if err != nil || !n.present() {
		return 0, false, err
	}
	if ms, ok := n.value.(float64); ok && n.kind == scalar {
		d, err := millis(ms)
		if err != nil {
			return 0, false, c.Errorf(path, "", "%s", err)
		}
		return d, true, nil
	}
	d, err := c.duration(path, n)
	return d, err == nil, err
}

func (c *Config) duration(path string, n *node) (Duration, error) {
	d, err := ParseDuration(n.plain())
	if err != nil {
		return 0, c.Errorf(path, "", "%s", err)
	}
	return d, nil
}

// Schedule returns the task schedule at path (core.md 1.8).
func (c *Config) Schedule(path string) (Schedule, error) {
	var s Schedule
	if _, err := c.required(path); err != nil {
		return s, err
	}
	return s, c.Decode(path, &s, Strict)
}

// OptionalSchedule is Schedule for a key that may be absent.
func (c *Config) OptionalSchedule(path string) (Schedule, bool, error) {
	n, err := c.read(path)
	if err != nil || !n.present() {
		return Schedule{}, false, err
	}
	s, err := c.Schedule(path)
	return s, err == nil, err
}

// Sub returns the mapping at path as a section of its own.
func (c *Config) Sub(path string) (*Config, error) {
	n, err := c.required(path)
	if err != nil {
		return nil, err
	}
	return c.section(path, n)
}

// OptionalSub is Sub for a key that may be absent: nil then.
func (c *Config) OptionalSub(path string) (*Config, error) {
	n, err := c.read(path)
	if err != nil || !n.present() {
		return nil, err
	}
	return c.section(path, n)
}

func (c *Config) section(path string, n *node) (*Config, error) {
	if n.kind != mapping {
		return nil, c.wireProblem(path, &mismatch{node: n, wanted: "object"})
	}
	return c.view(n, join(c.path, path), n.origin), nil
}

// Subs returns the list of mappings at path, each as a section whose path is "path[0]" and so on.
func (c *Config) Subs(path string) ([]*Config, error) {
	n, err := c.required(path)
	if err != nil {
		return nil, err
	}
	return c.sections(path, n)
}

// OptionalSubs is Subs for a key that may be absent: nil then.
func (c *Config) OptionalSubs(path string) ([]*Config, error) {
	n, err := c.read(path)
	if err != nil || !n.present() {
		return nil, err
	}
	return c.sections(path, n)
}

func (c *Config) sections(path string, n *node) ([]*Config, error) {
	if n.kind != list {
		return nil, c.wireProblem(path, &mismatch{node: n, wanted: "object-array"})
	}
	out := make([]*Config, len(n.items))
	for i, item := range n.items {
		if err := item.readable(); err != nil {
			return nil, err
		}
		if item.kind != mapping {
			return nil, c.wireProblem(path, &mismatch{node: item, at: fmt.Sprintf("[%d]", i), wanted: "object-array"})
		}
		out[i] = c.view(item, indexed(join(c.path, path), i), item.origin)
	}
	return out, nil
}

// Value returns a copy of what is at path as entity values, without keys that are null; nil when there is nothing. It is
// for parts that have a form of their own, such as filters.
func (c *Config) Value(path string) any {
	n, _, _ := c.find(path)
	if !n.present() {
		return nil
	}
	return n.plain()
}

// must reads a required value by one of the conversions.
func must[T any](c *Config, path string, convert func(*node) (T, *mismatch)) (T, error) {
	var zero T
	n, err := c.required(path)
	if err != nil {
		return zero, err
	}
	v, bad := convert(n)
	if bad != nil {
		return zero, c.wireProblem(path, bad)
	}
	return v, nil
}

// maybe reads an optional value by one of the conversions.
func maybe[T any](c *Config, path string, convert func(*node) (T, *mismatch)) (T, bool, error) {
	var zero T
	n, err := c.read(path)
	if err != nil || !n.present() {
		return zero, false, err
	}
	v, bad := convert(n)
	if bad != nil {
		return zero, false, c.wireProblem(path, bad)
	}
	return v, true, nil
}
