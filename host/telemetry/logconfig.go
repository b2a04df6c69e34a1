package telemetry

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// Override sets the level of lines whose fields all match (core.md 3.2).
type Override struct {
	Matchers []Matcher
	Level    slog.Level
}

// Matcher is a field with the values it may have.
type Matcher struct {
	Field   string
	Values  []string
	Regexps []*regexp.Regexp
}

// LoadLogOptions reads backend.logger and the variable LOG_LEVEL, which beats its level. Format and Redact are the
// caller's to set.
func LoadLogOptions(c *config.Config, environ []string) (LogOptions, error) {
	var opts LogOptions
	var problems config.Problems
	fail := func(path, hint, format string, args ...any) {
		problems = append(problems, c.Errorf(path, hint, format, args...))
	}
	name, _, err := c.OptionalString("backend.logger.level")
	problems = append(problems, config.AsProblems(err)...)
	if level, ok := ParseLevel(name); ok {
		opts.Level = level
	} else if name != "" {
		fail("backend.logger.level", levelHint(), "%q is no log level", name)
	}
	if name := variable(environ, "LOG_LEVEL"); name != "" {
		level, ok := ParseLevel(name)
		if !ok {
			problems = append(problems, config.Problem{Message: fmt.Sprintf("LOG_LEVEL is %q, which is no log level", name), Hint: levelHint()})
		}
		opts.Level = level
	}
	if meta, ok := c.Value("backend.logger.meta").(*entity.Object); ok {
		for key, value := range meta.All() {
			opts.Meta = append(opts.Meta, slog.Any(key, plain(value)))
		}
	}
	for i, section := range c.Elements("backend.logger.overrides") {
		override, err := loadOverride(section)
		if err != nil {
			fail(fmt.Sprintf("backend.logger.overrides[%d]", i), "write { matchers: { plugin: catalog }, level: debug }", "%s", err)
			continue
		}
		opts.Overrides = append(opts.Overrides, override)
	}
	return opts, problems.Err()
}

// LoadAuditLevels reads backend.auditor.severityLogLevelMappings.
func LoadAuditLevels(c *config.Config) (map[Severity]slog.Level, error) {
	const key = "backend.auditor.severityLogLevelMappings"
	section, err := c.OptionalSub(key)
	if err != nil || section == nil {
		return nil, err
	}
	levels := map[Severity]slog.Level{}
	var problems config.Problems
	for _, name := range section.Keys("") {
		text, _ := section.Value(name).(string)
		level, ok := ParseLevel(text)
		if !ok {
			problems = append(problems, section.Errorf(name, levelHint(), "%q is no log level", text))
			continue
		}
		levels[Severity(name)] = level
	}
	return levels, problems.Err()
}

func levelHint() string {
	names := make([]string, len(levelNames))
	for i, l := range levelNames {
		names[i] = l.name
	}
	return "one of " + strings.Join(names, ", ")
}

// variable returns the last value of name in environ; nil stands for the process's own.
func variable(environ []string, name string) string {
	if environ == nil {
		return os.Getenv(name)
	}
	found := ""
	for _, entry := range environ {
		if key, value, ok := strings.Cut(entry, "="); ok && key == name {
			found = value
		}
	}
	return found
}

// plain lets meta fields be encoded by encoding/json and printed by the text handler.
func plain(v any) any {
	switch v.(type) {
	case string, bool, float64, nil:
		return v
	default:
		return string(entity.AppendJSON(nil, v))
	}
}

func loadOverride(section *config.Config) (Override, error) {
	name, err := section.String("level")
	if err != nil {
		return Override{}, err
	}
	level, ok := ParseLevel(name)
	if !ok {
		return Override{}, fmt.Errorf("%q is no log level", name)
	}
	matchers, ok := section.Value("matchers").(*entity.Object)
	if !ok {
		return Override{}, fmt.Errorf("matchers must be a mapping of fields")
	}
	override := Override{Level: level}
	for field, value := range matchers.All() {
		m, err := newMatcher(field, value)
		if err != nil {
			return Override{}, err
		}
		override.Matchers = append(override.Matchers, m)
	}
	return override, nil
}

// newMatcher takes a value, a text "/regex/", or a list of either.
func newMatcher(field string, value any) (Matcher, error) {
	m := Matcher{Field: field}
	list, ok := value.([]any)
	if !ok {
		list = []any{value}
	}
	for _, item := range list {
		text := fmt.Sprint(item)
		if len(text) > 2 && text[0] == '/' && text[len(text)-1] == '/' {
			re, err := regexp.Compile(text[1 : len(text)-1])
			if err != nil {
				return Matcher{}, fmt.Errorf("matcher of %s: %w", field, err)
			}
			m.Regexps = append(m.Regexps, re)
			continue
		}
		m.Values = append(m.Values, text)
	}
	return m, nil
}

// matches reports whether all matchers find their field in the line or among those of its logger; what is in a group has
// another name.
func (o *Override) matches(rec slog.Record, fields []slog.Attr, grouped bool) bool {
	for _, m := range o.Matchers {
		value, ok := fieldOf(rec, fields, m.Field, grouped)
		if !ok || !m.accepts(value) {
			return false
		}
	}
	return true
}

func (m Matcher) accepts(value string) bool {
	if slices.Contains(m.Values, value) {
		return true
	}
	for _, re := range m.Regexps {
		if re.MatchString(value) {
			return true
		}
	}
	return false
}

func fieldOf(rec slog.Record, fields []slog.Attr, name string, grouped bool) (value string, ok bool) {
	switch name {
	case "message":
		return rec.Message, true
	case slog.LevelKey:
		return levelName(rec.Level), true
	}
	// The innermost logger's field is the one that shows.
	for _, a := range fields {
		if a.Key == name {
			value, ok = a.Value.Resolve().String(), true
		}
	}
	rec.Attrs(func(a slog.Attr) bool {
		if a.Key == name && !grouped {
			value, ok = a.Value.Resolve().String(), true
		}
		return true
	})
	return value, ok
}
