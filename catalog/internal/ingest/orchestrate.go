package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/fault"
)

// Orchestrator runs one entity through all processors (catalog.md 7.5). It keeps no state and is safe for concurrent use.
type Orchestrator struct {
	processors []Processor
	rules      Rules
	allowed    []string
	log        *slog.Logger
	flatteners sync.Pool // of *entity.Flattener
}

// OrchestratorOptions configure an Orchestrator.
type OrchestratorOptions struct {
	// Processors in the order in which they were registered; those with a priority are moved (catalog.md 7.6).
	Processors []Processor
	// Priorities override the processors' own, by name.
	Priorities map[string]float64
	Rules      Rules
	// AllowedTypes are the location types that may be registered; nil for "url" only.
	AllowedTypes []string
	Log          *slog.Logger
}

// NewOrchestrator returns an orchestrator.
func NewOrchestrator(opts OrchestratorOptions) *Orchestrator {
	if opts.AllowedTypes == nil {
		opts.AllowedTypes = []string{"url"}
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	priority := func(p Processor) float64 {
		if n, ok := opts.Priorities[p.Name()]; ok {
			return n
		}
		if own, ok := p.(Prioritized); ok {
			return float64(own.Priority())
		}
		return defaultPriority
	}
	sorted := slices.Clone(opts.Processors)
	slices.SortStableFunc(sorted, func(a, b Processor) int {
		switch pa, pb := priority(a), priority(b); {
		case pa < pb:
			return -1
		case pa > pb:
			return 1
		default:
			return 0
		}
	})
	return &Orchestrator{processors: sorted, rules: opts.Rules, allowed: opts.AllowedTypes, log: opts.Log}
}

// Result is what came of processing one entity.
type Result struct {
	// OK is true if there were no errors: only then the rest counts.
	OK     bool
	Entity entity.Entity
	Errors []error
	// Warnings are errors that do not make processing fail.
	Warnings []error

	emitted *Emitter
}

// Process runs an entity through all steps. The entity is taken over. It fails with an error only when ctx ends.
func (o *Orchestrator) Process(ctx context.Context, e entity.Entity) (*Result, error) {
	item := Item{Entity: e}
	emit := newEmitter(item, o.allowed, o.log)
	done, err := o.run(ctx, item, emit)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		emit.Error(err)
	}
	r := &Result{OK: len(emit.errors) == 0, Entity: done, Errors: emit.errors, emitted: emit}
	if r.OK {
		if conflict := o.conflict(done); conflict != "" {
			r.Warnings = append(r.Warnings, fault.Input("Entity has duplicate keys that vary only in casing, '%s'", conflict))
		}
	}
	return r, nil
}

// conflict returns the keys that vary only in casing.
func (o *Orchestrator) conflict(e entity.Entity) string {
	flattener, ok := o.flatteners.Get().(*entity.Flattener)
	if !ok {
		flattener = new(entity.Flattener)
	}
	defer o.flatteners.Put(flattener)
	_, conflict := flattener.SearchRows(e)
	return conflict
}

// run takes the steps in order; a step that fails ends it. A panic of a processor is its entity's error: one bad entity
// must not stop the catalog.
func (o *Orchestrator) run(ctx context.Context, item Item, emit *Emitter) (done entity.Entity, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a processor panicked: %v", r)
			o.log.Error("a processor panicked", "entity", emit.ref, "panic", r)
		}
	}()
	if err := entity.ValidateEnvelope(item.Entity); err != nil {
		return item.Entity, fault.Input("Entity envelope failed validation before processing").CausedBy(typed(err))
	}
	if item.Location, err = locationOf(item.Entity, entity.AnnotationLocation); err != nil {
		return item.Entity, err
	}
	if item.Origin, err = locationOf(item.Entity, entity.AnnotationOriginLocation); err != nil {
		return item.Entity, err
	}
	emit.parent = item
	steps := []func(context.Context, *Item, *Emitter) error{o.preProcess, o.policy, o.validate, o.readTargets, o.postProcess, o.enforce}
	for _, step := range steps {
		if err := step(ctx, &item, emit); err != nil {
			return item.Entity, err
		}
	}
	return item.Entity, nil
}

func locationOf(e entity.Entity, annotation string) (entity.LocationRef, error) {
	value, ok := e.Annotation(annotation)
	if !ok {
		return entity.LocationRef{}, fault.Input("Entity '%s' does not have the annotation %s", e.Ref(), annotation)
	}
	ref, err := entity.ParseLocationRef(value)
	return ref, typed(err)
}

func (o *Orchestrator) preProcess(ctx context.Context, item *Item, emit *Emitter) error {
	for _, p := range o.processors {
		step, ok := p.(PreProcessor)
		if !ok {
			continue
		}
		e, err := step.PreProcess(ctx, *item, emit)
		if err != nil {
			foreign(p, emit)
			return fault.Input("Processor %s threw an error while preprocessing", p.Name()).CausedBy(typed(err))
		}
		item.Entity = e
	}
	return nil
}

func (o *Orchestrator) policy(_ context.Context, item *Item, emit *Emitter) error {
	if err := entity.Policy(item.Entity); err != nil {
		return fault.Input("Policy check failed for %s", item.Entity.Ref()).CausedBy(typed(err))
	}
	if item.Entity.Ref().String() != emit.ref {
		return fault.Conflict("Fatal: The entity kind, namespace, or name changed during processing")
	}
	return nil
}

func (o *Orchestrator) validate(ctx context.Context, item *Item, emit *Emitter) error {
	valid := false
	for _, p := range o.processors {
		step, ok := p.(KindValidator)
		if !ok {
			continue
		}
		known, err := step.ValidateKind(ctx, item.Entity)
		if err != nil {
			foreign(p, emit)
			return fault.Input("Processor %s threw an error while validating the entity %s", p.Name(), emit.ref).CausedBy(typed(err))
		}
		valid = valid || known
	}
	if !valid {
		return fault.Input("No processor recognized the entity %s as valid, possibly caused by a foreign kind or apiVersion", emit.ref)
	}
	return nil
}

// readTargets reads what a Location entity points at.
func (o *Orchestrator) readTargets(ctx context.Context, item *Item, emit *Emitter) error {
	if item.Entity.Kind() != "Location" {
		return nil
	}
	spec := item.Entity.Spec()
	kind, ok := spec.Path("type").(string)
	if !ok {
		kind = item.Location.Type
	}
	if err := emit.allows(kind); err != nil {
		emit.Error(err)
		return nil
	}
	optional := spec.Path("presence") == "optional"
	for _, target := range targetsOf(spec) {
		if kind == "file" && strings.HasSuffix(target, string(filepath.Separator)) {
			emit.Error(fault.Input("LocationEntityProcessor cannot handle file type location with target %s that ends with a path separator", target))
			continue
		}
		at := entity.LocationRef{Type: kind, Target: absoluteTarget(item.Location, target)}
		if err := o.readTarget(ctx, at, optional, emit); err != nil {
			return err
		}
	}
	return nil
}

func (o *Orchestrator) readTarget(ctx context.Context, target entity.LocationRef, optional bool, emit *Emitter) error {
	for _, p := range o.processors {
		reader, ok := p.(LocationReader)
		if !ok {
			continue
		}
		read, err := reader.ReadLocation(ctx, target, optional, emit)
		if err != nil {
			foreign(p, emit)
			return fault.Input("Processor %s threw an error while reading %s", p.Name(), target).CausedBy(typed(err))
		}
		if read {
			foreign(p, emit)
			return nil
		}
	}
	return fault.Input("No processor was able to handle reading of %s", target)
}

// targetsOf returns spec.target and then spec.targets.
func targetsOf(spec *entity.Object) []string {
	var targets []string
	if t, ok := spec.Path("target").(string); ok {
		targets = append(targets, t)
	}
	list, _ := spec.Path("targets").([]any)
	for _, v := range list {
		if t, ok := v.(string); ok {
			targets = append(targets, t)
		}
	}
	return targets
}

// absoluteTarget resolves a target against the location of the entity that names it. Of file locations only targets that
// start with a dot are relative.
func absoluteTarget(base entity.LocationRef, target string) string {
	switch base.Type {
	case "file":
		if strings.HasPrefix(target, ".") {
			return filepath.Join(filepath.Dir(base.Target), target)
		}
	case "url":
		from, err := url.Parse(base.Target)
		if err != nil {
			return target
		}
		if to, err := from.Parse(target); err == nil {
			return to.String()
		}
	}
	return target
}

func (o *Orchestrator) postProcess(ctx context.Context, item *Item, emit *Emitter) error {
	for _, p := range o.processors {
		step, ok := p.(PostProcessor)
		if !ok {
			continue
		}
		e, err := step.PostProcess(ctx, *item, emit)
		if err != nil {
			foreign(p, emit)
			return fault.Input("Processor %s threw an error while postprocessing", p.Name()).CausedBy(typed(err))
		}
		item.Entity = e
	}
	return nil
}

// enforce checks every child against the rules, which go by the origin of the whole tree.
func (o *Orchestrator) enforce(_ context.Context, item *Item, emit *Emitter) error {
	for i := range emit.children {
		c := &emit.children[i]
		if !o.rules.Allows(c.kind, c.specType, item.Origin) {
			return fault.NotAllowed("Entity %s at %s, originated at %s, is not of an allowed kind for that location",
				c.Ref, c.LocationKey, item.Origin)
		}
	}
	return nil
}

// foreign notes that somebody else's processor decided: what it read cannot be watched, so the entity is processed again
// on the interval.
func foreign(p Processor, emit *Emitter) {
	if _, ours := p.(builtin); !ours {
		emit.Outside()
	}
}
