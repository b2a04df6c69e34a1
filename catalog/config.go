package catalog

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/understudy-portal/understudy/catalog/internal/ingest"
	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// engineVersion is raised when the same input would be processed to something else, so that a new release processes
// everything again, once.
const engineVersion = 2

// minInterval is the shortest catalog.processingInterval (catalog.md 7.4).
const minInterval = time.Second

// Config is the section catalog (catalog.md 8).
type Config struct {
	// Locations are catalog.locations; relative file targets are absolute already.
	Locations []Location
	// Rules are catalog.rules, or the default, followed by those of single locations.
	Rules []ingest.Rule
	// Processing is false for `processingInterval: false`: then nothing is processed, stitched, cleaned up or evicted.
	Processing bool
	// Interval is catalog.processingInterval; 0 for the default.
	Interval time.Duration
	// KeepOrphans and KeepProviders are orphanStrategy and orphanProviderStrategy being keep.
	KeepOrphans, KeepProviders bool
	// Readonly refuses changes of registered locations.
	Readonly bool
	// RefreshOnConflict is defaultLocationConflictStrategy being refresh.
	RefreshOnConflict bool
	// DisableDefaults leaves out the readers of files and urls, and annotations of where entities come from.
	DisableDefaults bool

	disabledProcessors, disabledProviders map[string]bool
	priorities                            map[string]float64
}

// Location is one of catalog.locations.
type Location struct {
	Type, Target string
	// Origin is where the configuration says so.
	Origin config.Origin
}

// section reads the catalog's section and gathers all mistakes in it.
type section struct {
	*config.Config
	out      Config
	problems config.Problems
}

// LoadConfig reads the section catalog. The error is a config.Problems with every mistake.
func LoadConfig(c *config.Config) (Config, error) {
	cfg, problems := loadConfig(c)
	return cfg, problems.Err()
}

func loadConfig(c *config.Config) (Config, config.Problems) {
	s := &section{Config: c, out: Config{
		Processing: true, disabledProcessors: make(map[string]bool), disabledProviders: make(map[string]bool),
		priorities: make(map[string]float64),
	}}
	s.rules()
	s.locations()
	s.interval()
	s.out.KeepOrphans = s.oneOf("catalog.orphanStrategy", "delete", "keep") == "keep"
	s.out.KeepProviders = s.oneOf("catalog.orphanProviderStrategy", "delete", "keep") == "keep"
	s.out.RefreshOnConflict = s.oneOf("catalog.defaultLocationConflictStrategy", "reject", "refresh") == "refresh"
	s.out.Readonly = s.flag("catalog.readonly")
	s.out.DisableDefaults = s.flag("catalog.disableDefaultProcessors")
	s.options()
	s.removed()
	return s.out, s.problems
}

func (s *section) fail(err error) {
	if err != nil {
		s.problems = append(s.problems, config.AsProblems(err)...)
	}
}

func (s *section) warn(path, hint, format string, args ...any) {
	p := s.Errorf(path, hint, format, args...)
	p.Warning = true
	s.problems = append(s.problems, p)
}

func (s *section) flag(path string) bool {
	v, _, err := s.OptionalBool(path)
	s.fail(err)
	return v
}

// oneOf reads a word that must be one of the given ones; the first is the default.
func (s *section) oneOf(path string, words ...string) string {
	v, ok, err := s.OptionalString(path)
	s.fail(err)
	if err != nil || !ok {
		return words[0]
	}
	if !slices.Contains(words, v) {
		s.fail(s.Errorf(path, "use "+strings.Join(words, " or "), "%q is not known here", v))
	}
	return v
}

// interval reads processingInterval, which may be false.
func (s *section) interval() {
	const path = "catalog.processingInterval"
	if v, ok := s.Value(path).(bool); ok {
		if v {
			s.fail(s.Errorf(path, "give a duration such as {minutes: 5}, or false", "true is not an interval"))
		}
		s.out.Processing = v
		return
	}
	d, ok, err := s.OptionalDuration(path)
	s.fail(err)
	if err != nil || !ok {
		return
	}
	if d.Std() < minInterval {
		s.fail(s.Errorf(path, "use at least one second", "the interval is too short"))
	}
	s.out.Interval = d.Std()
}

// rules reads catalog.rules; absent they are the default, an empty list denies everything.
func (s *section) rules() {
	const path = "catalog.rules"
	if !s.Has(path) {
		s.out.Rules = ingest.DefaultRules()
		return
	}
	subs, err := s.OptionalSubs(path)
	s.fail(err)
	for _, sub := range subs {
		s.onlyKeys(sub, "allow", "locations")
		rule := ingest.Rule{Allow: s.kinds(sub)}
		if sub.Has("locations") {
			rule.Locations = s.ruleLocations(sub)
		}
		s.out.Rules = append(s.out.Rules, rule)
	}
}

// kinds reads allow: names of kinds, or objects with kind and spec.type.
func (s *section) kinds(rule *config.Config) []ingest.KindRule {
	if _, ok := rule.Value("allow").([]any); !ok {
		s.fail(rule.Errorf("allow", "give a list of kinds, such as [Component, API]", "a rule needs a list of kinds"))
		return nil
	}
	var kinds []ingest.KindRule
	for i, item := range rule.Elements("allow") {
		switch v := item.Value("").(type) {
		case string:
			kinds = append(kinds, ingest.KindRule{Kind: v})
		case *entity.Object:
			if kind, ok := s.kindRule(item, v); ok {
				kinds = append(kinds, kind)
			}
		default:
			s.fail(rule.Errorf("allow", "give names of kinds", "item %d is neither a kind nor an object with one", i))
		}
	}
	return kinds
}

// kindRule reads one object of allow. It is strict, because what it overlooked would allow more than was meant.
func (s *section) kindRule(item *config.Config, o *entity.Object) (ingest.KindRule, bool) {
	sound := s.onlyKeys(item, "kind", "spec.type")
	var out ingest.KindRule
	for _, field := range []struct {
		key  string
		into *string
	}{{"kind", &out.Kind}, {"spec.type", &out.SpecType}} {
		v, present := o.Get(field.key)
		text, _ := v.(string)
		if present && text == "" {
			s.fail(item.Errorf(field.key, "write {kind: Component, spec.type: service}", "'%s' must be a text", field.key))
			sound = false
		}
		*field.into = text
	}
	if !o.Has("kind") {
		s.fail(item.Errorf("", "write {kind: Component, spec.type: service}", "it names no kind"))
		return out, false
	}
	return out, sound
}

// onlyKeys reports keys other than the known ones, each with a guess at the one that was meant.
func (s *section) onlyKeys(c *config.Config, known ...string) bool {
	sound := true
	for _, key := range c.Keys("") {
		if !slices.Contains(known, key) {
			s.fail(c.Errorf(key, meant(key, known), "unknown key"))
			sound = false
		}
	}
	return sound
}

// meant is the known key that somebody probably meant, as a hint.
func meant(key string, known []string) string {
	folded := strings.ToLower(strings.TrimSuffix(key, "s"))
	for _, k := range known {
		for _, part := range append(strings.Split(k, "."), k) {
			part = strings.TrimSuffix(part, "s")
			if strings.HasPrefix(folded, part) || (len(folded) > 2 && strings.HasPrefix(part, folded)) {
				return "write '" + k + "'"
			}
		}
	}
	return "known are " + strings.Join(known, ", ")
}

func (s *section) ruleLocations(rule *config.Config) []ingest.LocationRule {
	subs, err := rule.OptionalSubs("locations")
	s.fail(err)
	rules := []ingest.LocationRule{} // empty means nowhere, nil everywhere
	for _, sub := range subs {
		s.onlyKeys(sub, "type", "exact", "pattern")
		var r ingest.LocationRule
		var errs [3]error
		r.Type, errs[0] = sub.String("type")
		r.Exact, _, errs[1] = sub.OptionalString("exact")
		r.Pattern, _, errs[2] = sub.OptionalString("pattern")
		for _, err := range errs {
			s.fail(err)
		}
		switch {
		case r.Exact != "" && r.Pattern != "":
			s.fail(sub.Errorf("pattern", "keep one of them", "a rule's location cannot have both an exact target and a pattern"))
		case r.Pattern != "" && !doublestar.ValidatePattern(r.Pattern):
			s.fail(sub.Errorf("pattern", "", "%q is not a valid glob", r.Pattern))
		}
		rules = append(rules, r)
	}
	return rules
}

// locations reads catalog.locations. Rules of a location add to the global ones, for exactly that location.
func (s *section) locations() {
	subs, err := s.OptionalSubs("catalog.locations")
	s.fail(err)
	for _, sub := range subs {
		kind, err := sub.String("type")
		s.fail(err)
		target, terr := sub.String("target")
		s.fail(terr)
		if err != nil || terr != nil {
			continue
		}
		origin := sub.Origin("target")
		if kind == "file" {
			target = absolute(target, origin)
		}
		ref, err := entity.ParseLocationRef(kind + ":" + target)
		if err != nil {
			s.fail(sub.Errorf("target", "", "%v", err))
			continue
		}
		s.out.Locations = append(s.out.Locations, Location{Type: ref.Type, Target: ref.Target, Origin: origin})
		s.locationRules(sub, ref)
	}
}

func (s *section) locationRules(sub *config.Config, ref entity.LocationRef) {
	rules, err := sub.OptionalSubs("rules")
	s.fail(err)
	for _, rule := range rules {
		// Its location is the one that it stands at: another one here would have no effect.
		s.onlyKeys(rule, "allow")
		s.out.Rules = append(s.out.Rules, ingest.Rule{
			Allow: s.kinds(rule), Locations: []ingest.LocationRule{{Type: ref.Type, Exact: ref.Target}},
		})
	}
}

// absolute resolves a file target. Backstage resolves against its working directory, which in its projects is
// packages/backend; so that the same file means the same here, wherever we are started, the first place that exists
// is taken: the working directory, the folder of the configuration file, packages/backend below that.
func absolute(target string, origin config.Origin) string {
	if filepath.IsAbs(target) {
		return filepath.Clean(target)
	}
	bases := []string{workingDir()}
	if origin.File != "" {
		dir := filepath.Dir(origin.File)
		bases = append(bases, dir, filepath.Join(dir, "packages", "backend"))
	}
	for _, base := range bases {
		path := filepath.Join(base, target)
		fixed, _ := doublestar.SplitPattern(filepath.ToSlash(path))
		if !strings.ContainsAny(path, "*?[{") {
			fixed = path
		}
		if _, err := os.Stat(filepath.FromSlash(fixed)); err == nil {
			if abs, err := filepath.Abs(path); err == nil {
				return abs
			}
		}
	}
	abs, err := filepath.Abs(filepath.Join(bases[0], target))
	if err != nil {
		return target
	}
	return abs
}

// options reads processorOptions and providerOptions.
func (s *section) options() {
	for _, name := range s.Keys("catalog.processorOptions") {
		o := s.Section("catalog", "processorOptions", name)
		disabled, _, err := o.OptionalBool("disabled")
		s.fail(err)
		s.out.disabledProcessors[name] = disabled
		priority, ok, err := o.OptionalNumber("priority")
		s.fail(err)
		if ok {
			s.out.priorities[name] = priority
		}
	}
	for _, name := range s.Keys("catalog.providerOptions") {
		disabled, _, err := s.Section("catalog", "providerOptions", name).OptionalBool("disabled")
		s.fail(err)
		s.out.disabledProviders[name] = disabled
	}
}

// removed warns of keys that have no effect, upstream's removed ones and those that this build does not do yet.
func (s *section) removed() {
	for _, key := range []string{
		"stitchingStrategy.mode", "enableRelationsCompatibility", "disableRelationsCompatibility", "useUrlReadersSearch",
	} {
		if s.Has("catalog." + key) {
			s.warn("catalog."+key, "remove it", "this key was removed from Backstage and has no effect")
		}
	}
	for _, key := range []string{"pollingInterval", "stitchTimeout"} {
		if s.Has("catalog.stitchingStrategy." + key) {
			s.warn("catalog.stitchingStrategy."+key, "", "entities are stitched together with what changed them, so that this has no effect")
		}
	}
	for _, key := range []string{"github", "gitlabApi", "bitbucketApi", "azureApi"} {
		if s.Has("catalog.processors." + key) {
			s.fail(s.Errorf("catalog.processors."+key, "use a provider instead", "this processor was removed from Backstage"))
		}
	}
	for _, name := range s.Keys("catalog.providers") {
		s.warn("catalog.providers."+name, "", "this provider is not part of this build yet, its entities will be missing")
	}
	if on := s.Value("catalog.scmEvents"); on != nil && on != false {
		s.warn("catalog.scmEvents", "", "events of SCM hosts are not part of this build yet")
	}
}

func (c Config) locationRefs() []entity.LocationRef {
	refs := make([]entity.LocationRef, len(c.Locations))
	for i, l := range c.Locations {
		refs[i] = entity.LocationRef{Type: l.Type, Target: l.Target}
	}
	return refs
}

func (c Config) disabledProvider(name string) bool { return c.disabledProviders[name] }

// orchestrator puts the processors in order: the built-in ones, then those given to New (catalog.md 7.6).
func (c Config) orchestrator(added []Processor, types []string, log *slog.Logger) *ingest.Orchestrator {
	all := []Processor{ingest.Placeholders{}, ingest.BuiltinKinds{}}
	if !c.DisableDefaults {
		all = append(all, ingest.FileReader{}, ingest.NoURLReader{}, ingest.Annotate{})
	}
	all = append(all, added...)
	all = slices.DeleteFunc(all, func(p Processor) bool { return c.disabledProcessors[p.Name()] })
	return ingest.NewOrchestrator(ingest.OrchestratorOptions{
		Processors: all, Priorities: c.priorities, Rules: c.Rules, AllowedTypes: types, Log: log,
	})
}

// fingerprint stands for everything that decides what an entity is processed to. When it differs from the last start,
// everything is processed again.
func (p *Plugin) fingerprint() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %+v %v %v %v %v", engineVersion, p.config.Rules, p.config.DisableDefaults, p.config.disabledProcessors,
		p.config.priorities, p.locationTypes)
	for _, processor := range p.processors {
		fmt.Fprintf(&b, " %s", processor.Name())
	}
	return b.String()
}
