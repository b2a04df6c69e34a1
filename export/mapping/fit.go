package mapping

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/export"
)

// Shape is what an account's blueprints look like, by id.
type Shape map[string]AccountBlueprint

// AccountBlueprint is one of them.
type AccountBlueprint struct {
	Properties map[string]AccountProperty `json:"properties,omitempty"`
	Relations  map[string]Relation        `json:"relations,omitempty"`
}

// AccountProperty is what the account says of a property.
type AccountProperty struct {
	Type   string   `json:"type,omitempty"`
	Format string   `json:"format,omitempty"`
	Enum   []string `json:"enum,omitempty"`
}

// Fit returns the mapping as it suits an account: what a blueprint lacks is left out, since the destination would ignore
// or refuse it; a key that is spelled differently, such as "repo-link" for "repoLink", is sent under the account's name
// (export.md 2.3). Kinds are those of the catalog that have no rules of their own. Warnings tell what is left out.
func (m *Mapping) Fit(shape Shape, kinds ...string) (fitted *Mapping, warnings []string) {
	out := *m
	out.kinds = maps.Clone(m.kinds)
	if every := m.kinds[everyKind]; every != nil && !every.skip {
		for _, kind := range kinds {
			name := strings.ToLower(kind)
			if _, own := m.kinds[name]; own || every.blueprint != "" || !validID(name) {
				continue
			}
			if id := "backstage.v1." + name; shape[id].Properties != nil {
				k := *every
				k.kind, k.blueprint = name, id
				out.kinds[name] = &k
			}
		}
	}
	told := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(out.kinds)) {
		k := out.kinds[name]
		account, ok := shape[k.blueprint]
		if k.skip || k.blueprint == "" || !ok {
			continue
		}
		fit, lacks := k.fit(account)
		out.kinds[name] = fit
		if len(lacks) > 0 && !told[k.blueprint] {
			told[k.blueprint] = true
			warnings = append(warnings, fmt.Sprintf("the account's blueprint %q has no %s of the expected type: left out; add them to the blueprint, or use rely.mapping mirror (extends: mirror in a mapping file)",
				k.blueprint, strings.Join(lacks, ", ")))
		}
	}
	return &out, warnings
}

func (k *kindMapping) fit(account AccountBlueprint) (fitted *kindMapping, lacks []string) {
	out := *k
	out.properties, out.relations = nil, nil
	properties, relations := keysOf(account.Properties), keysOf(account.Relations)
	for _, f := range k.properties {
		key := counterpart(f.key, properties, k.properties)
		there, ok := account.Properties[key]
		if !ok || there.Type != "" && f.schema.Type != there.Type {
			lacks = append(lacks, f.path)
			continue
		}
		g := *f
		g.key, g.path, g.enum = key, "properties."+key, there.Enum
		if there.Type == "string" && (there.Format == "url" || there.Format == "email") {
			g.format = there.Format
		}
		out.properties = append(out.properties, &g)
	}
	for _, f := range k.relations {
		key := counterpart(f.key, relations, k.relations)
		there, ok := account.Relations[key]
		if !ok || f.target != "" && there.Value != "" && there.Value != f.target {
			lacks = append(lacks, f.path)
			continue
		}
		g := *f
		g.key, g.path, g.many = key, "relations."+key, there.Array
		out.relations = append(out.relations, &g)
	}
	sortFields(out.properties)
	sortFields(out.relations)
	return &out, lacks
}

func sortFields(fields []*field) {
	slices.SortFunc(fields, func(a, b *field) int { return entity.CompareUTF16(a.key, b.key) })
}

func keysOf[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// counterpart is the account's spelling of a key: the same, or else one that differs by case and - _ only and that is not
// a key of the mapping itself.
func counterpart(key string, there []string, ours []*field) string {
	if slices.Contains(there, key) {
		return key
	}
	for _, candidate := range there {
		own := func(f *field) bool { return f.key == candidate }
		if folded(candidate) == folded(key) && !slices.ContainsFunc(ours, own) {
			return candidate
		}
	}
	return key
}

func folded(key string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(key))
}

// Raw returns the entity itself as the document, after privacy, for destinations that map themselves (export.md 1.3, raw).
func (m *Mapping) Raw(ctx context.Context, e entity.Entity) (export.Document, error) {
	k := m.kindOf(e)
	doc := export.Document{EntityRef: e.Ref().String()}
	if k == nil || k.skip {
		return doc, export.ErrSkipped
	}
	e, ok := m.private(e)
	if !ok {
		return doc, export.ErrSkipped
	}
	w := &warnings{}
	e.Object = m.withheld(e.Object, w)
	in := &input{m: m, entity: e}
	if err := k.ask(ctx, in); err != nil {
		return doc, err
	}
	if err := k.identify(ctx, in, &doc); err != nil {
		return doc, err
	}
	doc.Stage, doc.Warnings = k.stage, w.list
	doc.Body = entity.StableJSON(e.Object)
	return doc, nil
}
