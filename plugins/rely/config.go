package rely

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
	"github.com/understudy-portal/understudy/export/rely"
	"github.com/understudy-portal/understudy/host/config"
)

// section is the key that turns the plugin on.
const section = "rely"

// Config is the section rely (export.md 1.3). Filters and what hangs together is read by settings.
type Config struct {
	// Gzip compresses what is sent. SyncWithGzip is its name in Rely's plugin.
	Gzip         *bool `config:"gzip"`
	SyncWithGzip *bool `config:"syncWithGzip"`
	Cron         struct {
		Enabled  bool   `config:"enabled"`
		Schedule string `config:"schedule"`
		// Timezone is an IANA name, such as Europe/Lisbon.
		Timezone string `config:"timezone"`
	} `config:"cron"`
	// EntityFilters are Backstage's EntityFilterQuery, Query is a predicate; what both select is sent.
	EntityFilters any `config:"entityFilters"`
	Query         any `config:"query"`
	API           struct {
		Mode string `config:"mode"`
	} `config:"api"`
	RawPath    string `config:"rawPath"`
	Mapping    string `config:"mapping"`
	IDStrategy string `config:"idStrategy"`
	Fields     struct {
		Deny *[]string `config:"deny"`
	} `config:"fields"`
	Users string `config:"users"`
	// Clearing says what becomes of entities that keep what they were told to clear: null, a warning; replace, they are
	// written anew (export.md 3).
	Clearing           string `config:"clearing"`
	IncludeDefinitions bool   `config:"includeDefinitions"`
	Deletions          struct {
		Policy      string  `config:"policy"`
		MaxFraction float64 `config:"maxFraction"`
		MaxCount    int     `config:"maxCount"`
	} `config:"deletions"`
	Migrate struct {
		AllowGet             bool `config:"allowGet"`
		AllowUnauthenticated bool `config:"allowUnauthenticated"`
	} `config:"migrate"`
	Limits struct {
		MaxEntities   int `config:"maxEntities"`
		MaxBytes      int `config:"maxBytes"`
		Concurrency   int `config:"concurrency"`
		RatePerMinute int `config:"ratePerMinute"`
	} `config:"limits"`
}

// The values of rely.clearing. In YAML null is also a value, and means the same.
const (
	clearByNull    = "null"
	clearByReplace = "replace"
)

// defaults are those of export.md 1.3.
func defaults() Config {
	var c Config
	c.Cron.Timezone = "UTC"
	c.API.Mode = rely.Auto
	c.RawPath = rely.DefaultRawPath
	c.Mapping, c.IDStrategy, c.Users = mapping.Native, mapping.ByRef, string(mapping.FullUsers)
	c.Clearing = clearByNull
	c.Deletions.Policy, c.Deletions.MaxFraction, c.Deletions.MaxCount = "none", 0.1, 500
	c.Migrate.AllowGet = true
	c.Limits.MaxEntities, c.Limits.MaxBytes, c.Limits.Concurrency, c.Limits.RatePerMinute = 100, 768<<10, 2, 300
	return c
}

// settings are what the configuration comes to.
type settings struct {
	Config
	proxy        proxyEntry
	gzip         bool
	cron         *export.Cron
	filter       entity.Predicate
	filterConfig any
	mapping      *mapping.Mapping
	limits       export.Limits
}

// loader reads the configuration and gathers everything that is wrong.
type loader struct {
	c        *config.Config
	problems config.Problems
}

// load reads all that the plugin needs. The problems may be mere warnings.
func load(c *config.Config) (settings, config.Problems) {
	l := &loader{c: c}
	s := settings{Config: defaults()}
	if err := c.Decode(section, &s.Config, config.Strict); err != nil {
		l.add(err)
	}
	s.gzip = l.gzip(s.Config)
	s.cron = l.cron(s.Config)
	s.filter, s.filterConfig = l.filter()
	s.proxy = l.proxy()
	s.mapping = l.mapping(s.Config)
	s.limits = l.limits(s.Config)
	l.modes(s.Config)
	return s, l.problems
}

func (l *loader) add(err error) { l.problems = append(l.problems, config.AsProblems(err)...) }

func (l *loader) wrong(path, hint, format string, args ...any) {
	l.add(l.c.Errorf(path, hint, format, args...))
}

func (l *loader) warn(c *config.Config, path, hint, format string, args ...any) {
	p := c.Errorf(path, hint, format, args...)
	p.Warning = true
	l.add(p)
}

func (l *loader) gzip(c Config) bool {
	if c.Gzip != nil && c.SyncWithGzip != nil && *c.Gzip != *c.SyncWithGzip {
		l.wrong("rely.syncWithGzip", "keep one of them", "says the opposite of rely.gzip, which means the same")
	}
	return c.Gzip != nil && *c.Gzip || c.SyncWithGzip != nil && *c.SyncWithGzip
}

func (l *loader) cron(c Config) *export.Cron {
	if c.Cron.Schedule == "" {
		if c.Cron.Enabled && !l.failed("rely.cron") {
			l.wrong("rely.cron.schedule", "for each hour, write '0 * * * *'", "is required where rely.cron.enabled is true")
		}
		return nil
	}
	_, err := config.ParseCron(c.Cron.Schedule)
	if err != nil {
		l.wrong("rely.cron.schedule", "write five fields, such as '0 * * * *', or six with leading seconds", "%s", err)
	}
	zone, zoneErr := time.LoadLocation(c.Cron.Timezone)
	if zoneErr != nil || c.Cron.Timezone == "Local" {
		l.wrong("rely.cron.timezone", "write a name such as UTC or Europe/Lisbon", "there is no time zone %q", c.Cron.Timezone)
	}
	if err != nil || zoneErr != nil || !c.Cron.Enabled {
		return nil
	}
	return &export.Cron{Schedule: strings.TrimSpace(c.Cron.Schedule), Location: zone}
}

// failed reports whether something at or below path is wrong already.
func (l *loader) failed(path string) bool {
	return slices.ContainsFunc(l.problems.Errors(), func(p config.Problem) bool {
		return p.Path == path || strings.HasPrefix(p.Path, path+".") || strings.HasPrefix(path, p.Path+".")
	})
}

func (l *loader) limits(c Config) export.Limits {
	for _, bound := range []struct {
		key              string
		value, low, high int
	}{
		{"maxEntities", c.Limits.MaxEntities, 1, 10_000},
		{"maxBytes", c.Limits.MaxBytes, 1024, 64 << 20},
		{"concurrency", c.Limits.Concurrency, 1, 32},
		{"ratePerMinute", c.Limits.RatePerMinute, 0, 1_000_000},
	} {
		if bound.value < bound.low || bound.value > bound.high {
			l.wrong("rely.limits."+bound.key, "", "%d is not between %d and %d", bound.value, bound.low, bound.high)
		}
	}
	return export.Limits{
		MaxEntities: c.Limits.MaxEntities, MaxBytes: c.Limits.MaxBytes, Concurrency: c.Limits.Concurrency, RatePerMinute: c.Limits.RatePerMinute,
	}
}

// modes checks what has few values.
func (l *loader) modes(c Config) {
	one := func(path, value string, of ...string) {
		if !slices.Contains(of, value) {
			l.wrong(path, "use one of "+strings.Join(of, ", "), "unknown value %q", value)
		}
	}
	one("rely.api.mode", c.API.Mode, rely.Modes()...)
	one("rely.users", c.Users, string(mapping.FullUsers), string(mapping.PseudonymousUsers), string(mapping.OmittedUsers))
	one("rely.clearing", c.Clearing, clearByNull, clearByReplace)
	switch c.Deletions.Policy {
	case "none":
	case "hide", "delete":
		l.wrong("rely.deletions.policy", "leave the key out: what is gone from the catalog stays in Rely", "%s is not in this release", c.Deletions.Policy)
	default:
		l.wrong("rely.deletions.policy", "the only policy of this release is none", "unknown value %q", c.Deletions.Policy)
	}
	if c.Deletions.MaxFraction < 0 || c.Deletions.MaxFraction > 1 {
		l.wrong("rely.deletions.maxFraction", "", "is not between 0 and 1")
	}
	if c.Deletions.MaxCount < 0 {
		l.wrong("rely.deletions.maxCount", "", "is negative")
	}
}

// mapping compiles what the configuration asks for. A file is looked for where the key was written.
func (l *loader) mapping(c Config) *mapping.Mapping {
	o := mapping.Options{
		Source: c.Mapping, IDStrategy: c.IDStrategy, Users: mapping.Users(c.Users), IncludeDefinitions: c.IncludeDefinitions,
	}
	if c.Fields.Deny != nil {
		o.Deny = append([]string{}, *c.Fields.Deny...)
		for i, pattern := range o.Deny {
			if err := mapping.CheckDeny(pattern); err != nil && !l.failed(fmt.Sprintf("rely.fields.deny[%d]", i)) {
				l.wrong(fmt.Sprintf("rely.fields.deny[%d]", i), "write a path with * for any text, such as metadata.annotations.*token*", "%s", err)
			}
		}
	}
	base, _, err := l.c.OptionalString("app.baseUrl")
	l.add(err)
	o.AppBaseURL = base
	if c.Mapping != mapping.Native && c.Mapping != mapping.Mirror {
		path := c.Mapping
		if origin := l.c.Origin("rely.mapping"); !filepath.IsAbs(path) && origin.Variable == "" {
			path = filepath.Join(filepath.Dir(origin.File), path)
		}
		o.File = c.Mapping
		o.Content, err = readMapping(path)
		if err != nil {
			l.wrong("rely.mapping", "use native, mirror, or the path of a mapping file", "%s", err)
			return nil
		}
	}
	m, err := mapping.Compile(o)
	if bad, ok := errors.AsType[*mapping.Error](err); ok && bad.Source == "idStrategy" {
		bad.Source = "jq"
		l.wrong("rely.idStrategy", "use ref, name or a jq expression", "%s", bad)
		return nil
	}
	if err != nil {
		for _, mistake := range mapping.Errors(err) {
			l.wrong("rely.mapping", "", "%s", mistake)
		}
		return nil
	}
	return m
}

// maxMapping bounds a mapping file.
const maxMapping = 4 << 20

func readMapping(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.New("there is no file " + path)
	case err != nil:
		return nil, err
	case info.IsDir() || info.Size() > maxMapping:
		return nil, errors.New(path + " is no mapping file")
	}
	content, err := os.ReadFile(path)
	if err == nil && len(content) == 0 {
		err = errors.New(path + " is empty")
	}
	return content, err
}
