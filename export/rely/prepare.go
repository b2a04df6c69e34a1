package rely

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/export"
	"github.com/understudy-portal/understudy/export/mapping"
)

const (
	blueprintsPath = "/api/v1/blueprints"
	// noTask cannot be the id of a task.
	noTask = "00000000-0000-0000-0000-000000000000"
	// noRoute is what FastAPI says of a path that it does not know.
	noRoute = "Not Found"
)

// knowledge is what is kept between runs.
type knowledge struct {
	// Target and Mapping are what it is true for.
	Target  string        `json:"target"`
	Mapping string        `json:"mapping"`
	Mode    string        `json:"mode"`
	Kinds   []string      `json:"kinds,omitempty"`
	Shape   mapping.Shape `json:"shape,omitempty"`
}

// Recall takes what an earlier Prepare found out, without any request, so that documents are made as they were then. It
// reports whether that holds for the configuration as it is now.
func (d *Destination) Recall(known string) bool {
	var k knowledge
	if json.Unmarshal([]byte(known), &k) != nil || k.Target != d.Target() || k.Mapping != d.Fingerprint() {
		return false
	}
	if d.opts.Mode != Auto {
		k.Mode = d.opts.Mode
	}
	d.adopt(k)
	return true
}

// adopt fits the mapping to the account, and returns what is left out.
func (d *Destination) adopt(k knowledge) (warnings []string) {
	s := &state{mode: k.Mode, mapping: d.opts.Mapping, shape: k.Shape}
	if len(k.Shape) > 0 {
		s.mapping, warnings = d.opts.Mapping.Fit(k.Shape, k.Kinds...)
	}
	d.state.Store(s)
	return warnings
}

// Prepare finds out which way the account can be written to and what its blueprints are like; unless dryRun, it makes
// those that are missing. What was known serves Recall only: the account may have changed since.
func (d *Destination) Prepare(ctx context.Context, _ string, dryRun bool) (export.Prepared, error) {
	before := d.client.made.Load()
	p, err := d.prepare(ctx, dryRun)
	p.Requests = int(d.client.made.Load() - before)
	return p, err
}

func (d *Destination) prepare(ctx context.Context, dryRun bool) (export.Prepared, error) {
	k := knowledge{Target: d.Target(), Mapping: d.Fingerprint(), Mode: d.opts.Mode}
	p := export.Prepared{Mode: k.Mode}
	if k.Mode == Raw {
		d.adopt(k)
		return p, d.remember(&p, k)
	}
	var err error
	if k.Mode, err = d.probe(ctx); err != nil {
		return p, err
	}
	if d.opts.Kinds != nil {
		if k.Kinds, err = d.opts.Kinds(ctx); err != nil {
			return p, fmt.Errorf("look for kinds without rules of their own: %w", err)
		}
	}
	b := &blueprints{d: d, dryRun: dryRun, wanted: d.opts.Mapping.Blueprints(k.Kinds...), shape: mapping.Shape{}}
	if err := b.ensure(ctx); err != nil {
		return p, err
	}
	k.Shape, p.Mode = b.shape, k.Mode
	p.Warnings = slices.Concat(b.warnings, d.adopt(k))
	return p, d.remember(&p, k)
}

func (d *Destination) remember(p *export.Prepared, k knowledge) error {
	text, err := json.Marshal(k)
	if err != nil {
		return fmt.Errorf("rely: %w", err)
	}
	p.Known = string(text)
	return nil
}

// probe asks whether the key is good, and which way there is, without writing (export.md 1.3).
func (d *Destination) probe(ctx context.Context) (mode string, err error) {
	first, err := d.look(ctx, blueprintsPath+"/service")
	if err != nil || d.opts.Mode != Auto {
		return d.opts.Mode, err
	}
	second, err := d.look(ctx, tasksPath+"/"+noTask)
	if err != nil {
		return "", err
	}
	switch {
	case second.status != http.StatusNotFound && second.status != http.StatusMethodNotAllowed, second.words.detail && second.words.text != noRoute:
		// A task that is not there, or an id that cannot be one: somebody knows tasks.
		return Tasks, nil
	case first.status == http.StatusOK, first.words.detail && first.words.text != noRoute:
		return Bulk, nil
	default:
		return "", &export.Failure{Kind: export.Misconfigured, Status: second.status, Message: fmt.Sprintf(
			"nothing that is known of Rely's API is at %s: %s; %s; check the proxy entry's target, or set rely.api.mode", d.Target(), first, second)}
	}
}

// sight is the answer to a look.
type sight struct {
	what   string
	status int
	words  words
	body   []byte
}

// String tells people of it.
func (s sight) String() string { return fmt.Sprintf("%s: %d %s", s.what, s.status, s.words.text) }

// look makes a GET whose refusal tells something, too: 404, 405 and 422 with words are no failures.
func (d *Destination) look(ctx context.Context, path string) (sight, error) {
	a, err := d.client.do(ctx, http.MethodGet, path, nil, nil)
	s := sight{what: a.method + " " + a.url, status: a.status, body: a.body}
	if err == nil {
		return s, nil
	}
	if _, ok := errors.AsType[*export.Failure](err); !ok {
		return s, err
	}
	s.words = d.client.words(a)
	refused := a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed || a.status == http.StatusUnprocessableEntity ||
		a.status == http.StatusBadRequest
	if refused && !a.isPage() {
		return s, nil
	}
	return s, err
}

// blueprints makes sure that documents find theirs.
type blueprints struct {
	d        *Destination
	dryRun   bool
	wanted   []mapping.Blueprint
	shape    mapping.Shape
	warnings []string
}

// ensure looks at all that are wanted and makes those that are missing, or of our own and out of date, in two passes: relations lead to blueprints that
// must be there first (export.md 3).
func (b *blueprints) ensure(ctx context.Context) error {
	var missing []mapping.Blueprint
	for _, want := range b.wanted {
		there, ok, err := b.fetch(ctx, want.ID)
		if err != nil {
			return err
		}
		switch {
		case !ok:
			missing = append(missing, want)
			there = shapeOf(want)
		case mapping.Ours(want.ID) && outgrown(there, want):
			// Nobody else edits it, so it follows the mapping. Its relations stay (export.md 2.2).
			missing = append(missing, want)
			there.Properties = shapeOf(want).Properties
		}
		b.shape[want.ID] = there
	}
	if !b.dryRun {
		if err := b.create(ctx, missing); err != nil {
			return err
		}
	}
	for _, want := range b.wanted {
		if err := b.relate(ctx, want); err != nil {
			return err
		}
	}
	return nil
}

func (b *blueprints) fetch(ctx context.Context, id string) (mapping.AccountBlueprint, bool, error) {
	var out mapping.AccountBlueprint
	s, err := b.d.look(ctx, blueprintsPath+"/"+url.PathEscape(id))
	if err != nil {
		return out, false, err
	}
	if s.status == http.StatusNotFound {
		return out, false, nil
	}
	var body struct {
		SchemaProperties struct {
			Properties map[string]struct {
				Type   any
				Format string
				Enum   []any
			}
		}
		Relations map[string]mapping.Relation
	}
	if err := json.Unmarshal(s.body, &body); err != nil || s.status != http.StatusOK {
		return out, false, &export.Failure{Kind: export.Misconfigured, Status: s.status, Message: fmt.Sprintf(
			"%s: the answer is no blueprint: %s", s.what, b.d.client.clean(string(s.body))), Err: err}
	}
	out.Properties, out.Relations = map[string]mapping.AccountProperty{}, map[string]mapping.Relation{}
	for key, p := range body.SchemaProperties.Properties {
		kind, _ := p.Type.(string) // several types are no single one to compare with
		property := mapping.AccountProperty{Type: kind, Format: p.Format}
		for _, v := range p.Enum {
			if text, ok := v.(string); ok {
				property.Enum = append(property.Enum, text)
			}
		}
		out.Properties[key] = property
	}
	for key, r := range body.Relations {
		out.Relations[key] = mapping.Relation{Value: r.Value, Array: r.Array}
	}
	return out, true, nil
}

// outgrown reports whether a blueprint lacks properties that documents have by now.
func outgrown(there mapping.AccountBlueprint, want mapping.Blueprint) bool {
	for key, p := range want.Schema.Properties {
		if old, ok := there.Properties[key]; !ok || old.Type != "" && old.Type != p.Type {
			return true
		}
	}
	return false
}

// shapeOf is what a blueprint will be like before its relations are made.
func shapeOf(b mapping.Blueprint) mapping.AccountBlueprint {
	out := mapping.AccountBlueprint{Properties: map[string]mapping.AccountProperty{}, Relations: map[string]mapping.Relation{}}
	for key, p := range b.Schema.Properties {
		out.Properties[key] = mapping.AccountProperty{Type: p.Type, Format: p.Format}
	}
	return out
}

// create makes blueprints without relations; those in our own range are not for users to edit (export.md 2.3).
func (b *blueprints) create(ctx context.Context, missing []mapping.Blueprint) error {
	groups := map[string][]mapping.Blueprint{}
	for _, m := range missing {
		m.Relations = map[string]mapping.Relation{}
		editable := "true"
		if mapping.Ours(m.ID) {
			editable = "false"
		}
		groups[editable] = append(groups[editable], m)
	}
	for _, editable := range []string{"true", "false"} {
		if len(groups[editable]) == 0 {
			continue
		}
		body, err := json.Marshal(groups[editable])
		if err != nil {
			return fmt.Errorf("rely: %w", err)
		}
		if _, err := b.d.client.do(ctx, http.MethodPut, blueprintsPath+"/bulk", url.Values{"user_editable": {editable}}, body); err != nil {
			return asSetup(err, "make blueprints")
		}
		for _, m := range groups[editable] {
			b.d.log.Info("made a blueprint", "blueprint", m.ID)
		}
	}
	return nil
}

// asSetup is a refusal of a blueprint: no entity is to blame, and no waiting mends it.
func asSetup(err error, what string) error {
	f, ok := errors.AsType[*export.Failure](err)
	if !ok || f.Kind != export.Invalid && f.Kind != export.TooLarge {
		return err
	}
	return &export.Failure{Kind: export.Misconfigured, Status: f.Status, Message: what + ": " + f.Message, Err: f}
}

// relate adds the relations that a blueprint lacks. It is the one thing that is done to a user's blueprint: it takes
// nothing away, and without it documents that have the relation would be refused.
func (b *blueprints) relate(ctx context.Context, want mapping.Blueprint) error {
	there := b.shape[want.ID]
	lacking := map[string]mapping.Relation{}
	for key, r := range want.Relations {
		if _, ok := there.Relations[key]; !ok && !spelled(key, there.Relations) {
			lacking[key] = r
		}
	}
	if len(lacking) == 0 {
		return nil
	}
	if !b.dryRun {
		if err := b.addAll(ctx, want.ID, lacking); err != nil {
			return err
		}
	}
	for key, r := range lacking {
		there.Relations[key] = mapping.Relation{Value: r.Value, Array: r.Array}
	}
	return nil
}

// spelled reports whether the account has the relation under a name that differs by case and - _ only.
func spelled(key string, there map[string]mapping.Relation) bool {
	fold := func(s string) string { return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(s)) }
	for other := range there {
		if fold(other) == fold(key) {
			return true
		}
	}
	return false
}

// addAll adds relations at once, and one by one where that is refused. Those that cannot be added are taken out.
func (b *blueprints) addAll(ctx context.Context, id string, lacking map[string]mapping.Relation) error {
	err := b.add(ctx, id, lacking)
	if f, ok := errors.AsType[*export.Failure](err); !ok || f.Kind != export.Invalid {
		return err
	}
	for _, key := range sortedKeys(lacking) {
		err := b.add(ctx, id, map[string]mapping.Relation{key: lacking[key]})
		f, ok := errors.AsType[*export.Failure](err)
		switch {
		case err == nil:
		case ok && f.Kind == export.Invalid && strings.Contains(strings.ToLower(f.Message), "already has a relation with key"):
		case ok && f.Kind == export.Invalid:
			b.warnings = append(b.warnings, fmt.Sprintf("the relation %s.%s could not be added, and is left out: %s", id, key, f.Message))
			delete(lacking, key)
		default:
			return err
		}
	}
	return nil
}

func (b *blueprints) add(ctx context.Context, id string, relations map[string]mapping.Relation) error {
	body, err := json.Marshal(relations)
	if err != nil {
		return fmt.Errorf("rely: %w", err)
	}
	_, err = b.d.client.do(ctx, http.MethodPost, blueprintsPath+"/"+url.PathEscape(id)+"/relations", nil, body)
	return err
}

func sortedKeys(m map[string]mapping.Relation) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
