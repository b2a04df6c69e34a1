package mapping

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/itchyny/gojq"
)

// The id strategies that are no jq expressions.
const (
	// ByRef makes ids from kind, namespace and name. No two entities share one.
	ByRef = "ref"
	// ByName makes ids from the name alone: entities of different kinds or namespaces may share one.
	ByName = "name"
)

// revision changes when the same configuration makes other documents than an earlier release did.
const revision = "1"

// Options say what to compile.
type Options struct {
	// Source is Native or Mirror; empty means Native. It is not looked at where there is Content.
	Source string
	// File names the content in messages.
	File string
	// Content is a mapping of the user's, in JSON or YAML; nil when there is none.
	Content []byte
	// IDStrategy is ByRef, ByName or a jq expression; empty means ByRef.
	IDStrategy string
	// AppBaseURL is where people find the portal; empty leaves links to it out.
	AppBaseURL string
	// Deny are globs of what is never sent, such as "metadata.annotations.*token*"; nil means DefaultDeny.
	Deny []string
	// Users says what becomes of people; empty means FullUsers.
	Users Users
	// IncludeDefinitions sends the text of API definitions too, not just hash and URL.
	IncludeDefinitions bool
}

// Mapping is a compiled mapping. It may be used concurrently.
type Mapping struct {
	opts   Options
	source *source
	file   string
	deny   []glob
	kinds  map[string]*kindMapping
	c      *compiler
	print  string
}

// kindMapping is what becomes of the entities of one kind.
type kindMapping struct {
	kind                   string
	skip                   bool
	stage                  int
	blueprint              string
	blueprintTitle         string
	blueprintExpr          *expression
	id, title, description *expression // description may be nil
	properties, relations  []*field
	// batch computes what has no fast way, in the order of slow.
	batch *gojq.Code
	slow  []*expression
	// slots tells for each expression its place in the batch, from 1.
	slots map[*expression]int
	// warnLinks tells that the mapping takes links that are web addresses only.
	warnLinks bool
}

// field is a property or a relation.
type field struct {
	key string
	// path is "properties.key" or "relations.key".
	path string
	expr *expression
	// format is that of a property's blueprint: values that do not fit are left out.
	format string
	// enum are the only values that the account's blueprint takes; nil means all.
	enum []string
	// many tells that the account's relation holds a list.
	many bool
	// target is the blueprint that a relation leads to; empty when it cannot be told.
	target string
	schema schema
}

// Errors are the mistakes that an error of Compile consists of, each once: what is common to all kinds is compiled for each.
func Errors(err error) (all []error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			for _, e := range Errors(e) {
				if !slices.ContainsFunc(all, func(other error) bool { return other.Error() == e.Error() }) {
					all = append(all, e)
				}
			}
		}
		return all
	}
	return []error{err}
}

// Compile reads and compiles a mapping. Mistakes in it are *Error; Errors lists them.
func Compile(o Options) (*Mapping, error) {
	o.Source = cmp.Or(o.Source, Native)
	o.IDStrategy = cmp.Or(o.IDStrategy, ByRef)
	o.Users = cmp.Or(o.Users, FullUsers)
	if o.Deny == nil {
		o.Deny = DefaultDeny()
	}
	o.AppBaseURL = strings.TrimRight(o.AppBaseURL, "/")
	s, err := load(o.Source, o.File, o.Content)
	if err != nil {
		return nil, err
	}
	m := &Mapping{opts: o, source: s, file: cmp.Or(o.File, o.Source), kinds: map[string]*kindMapping{}}
	m.opts.Content = nil
	for _, pattern := range o.Deny {
		m.deny = append(m.deny, newGlob(pattern))
	}
	if o.IncludeDefinitions {
		m.withDefinitions()
	}
	if m.c, err = newCompiler(m.file, s, o.IDStrategy); err != nil {
		return nil, err
	}
	var problems []error
	for _, kind := range slices.Sorted(maps.Keys(s.kinds)) {
		if m.kinds[kind], err = m.kind(kind); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(Errors(errors.Join(problems...))...)
	}
	m.resolveTargets()
	m.print = fingerprint(o)
	return m, nil
}

// Fingerprint changes when the mapping does.
func (m *Mapping) Fingerprint() string { return m.print }

func fingerprint(o Options) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s\n%q\n%q\n%q\n%q\n%q\n%q\n%t\n", revision, o.Source, o.Content, o.IDStrategy, o.AppBaseURL, o.Deny, o.Users, o.IncludeDefinitions)
	if o.Content == nil {
		_, _ = h.Write(nativeJSON)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// withDefinitions adds the text of definitions to the APIs, unless the mapping has an opinion.
func (m *Mapping) withDefinitions() {
	api := m.source.kinds["api"]
	if api == nil || api.skip {
		return
	}
	if _, said := api.properties["definition"]; !said {
		api.properties["definition"] = property{expr: ".spec.definition", label: "Definition"}
	}
}

const (
	ridNative = `def rid: ascii_downcase|sub(":";".")|sub("/";".");`
	ridName   = `def rid: ascii_downcase|sub("^[^/]*/";"");`
	refNative = `def ref: "\(.kind):\(.metadata.namespace//"default")/\(.metadata.name)"|ascii_downcase;`
	// ridCustom applies an expression to what a ref tells of an entity.
	ridCustom = `def rid: capture("^(?<kind>[^:]*):(?<namespace>[^/]*)/(?<name>.*)$")|{kind,metadata:{namespace,name}}|__id;`
	idNative  = "ref|rid"
	idCustom  = "__id"
)

// newCompiler puts the prelude together: the functions that make ids, the native ones, the user's.
func newCompiler(file string, s *source, strategy string) (*compiler, error) {
	c := &compiler{file: file, seen: map[string]*expression{}}
	strategyDefs := ridNative
	switch strategy {
	case ByRef:
		c.known = nativeFunctions(refID)
	case ByName:
		strategyDefs = ridName
		c.known = nativeFunctions(nameID)
	default:
		before := &compiler{file: "idStrategy", prelude: refNative + ridNative}
		query, err := gojq.Parse(strategy)
		if err == nil && len(query.Imports) == 0 {
			_, err = before.program(strategy)
		}
		if err != nil {
			return nil, before.problem("", strategy, err)
		}
		strategyDefs = refNative + ridNative + "def __id: (" + strategy + "\n);" + ridCustom
		c.known = nativeFunctions(refID)
		c.known.without("rid", "rel", "one")
	}
	c.prelude = strategyDefs
	for i, text := range s.prelude {
		path := "prelude"
		query, err := gojq.Parse(text + " .")
		if err != nil {
			return nil, c.problem(path, text, err)
		}
		if rest, native := strings.CutPrefix(text, ridNative); native && i == 0 {
			text = rest
		} else {
			for _, def := range query.FuncDefs {
				c.known.without(def.Name)
			}
		}
		c.prelude += " " + text
		if _, err := c.program("."); err != nil {
			return nil, c.problem(path, text, err)
		}
	}
	return c, nil
}

// effective lays a kind's rules over the common ones.
func (m *Mapping) effective(kind string) rules {
	own := m.source.kinds[kind]
	r := newRules()
	r.skip, r.blueprint, r.blueprintExpr, r.title = own.skip, own.blueprint, own.blueprintExpr, own.title
	if r.blueprint == "" && r.blueprintExpr == "" {
		r.blueprint, r.blueprintExpr = m.source.common.blueprint, m.source.common.blueprintExpr
	}
	for _, from := range []*rules{&m.source.common, own} {
		maps.Copy(r.texts, from.texts)
		maps.Copy(r.properties, from.properties)
		maps.Copy(r.relations, from.relations)
	}
	return r
}

func (m *Mapping) kind(kind string) (*kindMapping, error) {
	r := m.effective(kind)
	k := &kindMapping{kind: kind, skip: r.skip, stage: stage(kind), blueprint: r.blueprint, blueprintTitle: r.title}
	if k.skip {
		return k, nil
	}
	path := "kinds." + kind
	var problems []error
	compile := func(key, text string) *expression {
		if text == "" {
			return nil
		}
		e, err := m.c.compile(m.place(kind, key), text)
		if err != nil {
			problems = append(problems, err)
		}
		return e
	}
	id := r.texts["id"]
	if m.opts.IDStrategy != ByRef && m.opts.IDStrategy != ByName && strings.ReplaceAll(id, " ", "") == idNative {
		id = idCustom
	}
	k.blueprintExpr = compile("blueprintIdExpr", r.blueprintExpr)
	k.id, k.title, k.description = compile("id", id), compile("title", r.texts["title"]), compile("description", r.texts["description"])
	for _, name := range slices.Sorted(maps.Keys(r.properties)) {
		p := r.properties[name]
		if p.expr == "" || name == "backstageUrl" && m.opts.AppBaseURL == "" {
			continue
		}
		if e := compile("properties."+name, p.expr); e != nil {
			f := &field{key: name, path: "properties." + name, expr: e, schema: schemaOf(name, p, e)}
			f.format = cmp.Or(f.schema.Format, f.schema.itemFormat())
			k.properties = append(k.properties, f)
			k.warnLinks = k.warnLinks || p.expr == "urls"
		}
	}
	for _, name := range slices.Sorted(maps.Keys(r.relations)) {
		l := r.relations[name]
		if l.expr == "" {
			continue
		}
		if e := compile("relations."+name, l.expr); e != nil {
			f := &field{key: name, path: "relations." + name, expr: e, target: l.target, many: l.array || yieldsList(e)}
			f.schema.Title = cmp.Or(l.label, labelOf(name))
			k.relations = append(k.relations, f)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	sortFields(k.properties)
	sortFields(k.relations)
	switch {
	case k.blueprint == "" && k.blueprintExpr == nil:
		return nil, &Error{Source: m.file, Path: path, Message: "blueprintId is missing"}
	case k.blueprint != "" && !validID(k.blueprint):
		return nil, &Error{Source: m.file, Path: path + ".blueprintId", Message: "an id has lower-case letters, digits and _ . - only"}
	case k.id == nil || k.title == nil:
		return nil, &Error{Source: m.file, Path: path, Message: "id and title are needed"}
	}
	return k, k.prepare(m.c)
}

// place is where an effective expression of a kind was written: in the kind, or in what is common.
func (m *Mapping) place(kind, key string) string {
	own := m.source.kinds[kind]
	group, name, nested := strings.Cut(key, ".")
	here := false
	switch {
	case !nested && group == "blueprintIdExpr":
		here = own.blueprintExpr != ""
	case !nested:
		_, here = own.texts[group]
	case group == "properties":
		_, here = own.properties[name]
	default:
		_, here = own.relations[name]
	}
	if here {
		return "kinds." + kind + "." + key
	}
	return "common." + key
}

// prepare gathers what jq has to be asked for each entity into one program.
func (k *kindMapping) prepare(c *compiler) error {
	k.slots = map[*expression]int{}
	k.slow = nil
	for _, e := range k.expressions() {
		if e.fast == nil {
			k.slow = append(k.slow, e)
			k.slots[e] = len(k.slow)
		}
	}
	if len(k.slow) == 0 {
		return nil
	}
	var err error
	if k.batch, err = c.batch(k.slow); err != nil {
		return &Error{Source: c.file, Path: "kinds." + k.kind, Message: err.Error()}
	}
	return nil
}

func (k *kindMapping) expressions() []*expression {
	all := make([]*expression, 0, 4+len(k.properties)+len(k.relations))
	for _, e := range []*expression{k.blueprintExpr, k.id, k.title, k.description} {
		if e != nil {
			all = append(all, e)
		}
	}
	for _, f := range k.properties {
		all = append(all, f.expr)
	}
	for _, f := range k.relations {
		all = append(all, f.expr)
	}
	return all
}

// stage is when documents of a kind are written (export.md 4).
func stage(kind string) int {
	order := []string{"user", "group", "domain", "system", "resource", "api", "component"}
	if i := slices.Index(order, kind); i >= 0 {
		return i
	}
	return len(order)
}
