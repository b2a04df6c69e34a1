package ledger

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // the etag is SHA-1 on the wire (catalog.md 7.8); nothing is secured by it
	"encoding/hex"
	"maps"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-portal/understudy/entity"
)

// Annotations that stitching writes or looks at (catalog.md 1.8).
const (
	annotationOrphan  = "backstage.io/orphan"
	annotationViewURL = "backstage.io/view-url"
	annotationEditURL = "backstage.io/edit-url"
	rejectedURL       = "https://backstage.io/annotation-rejected-for-security-reasons"
)

// draft is all that the finished form of one entity is made of.
type draft struct {
	head      Head
	body      *entity.Object
	raw       []byte // the body as stored, when body is nil
	relations []entity.Relation
	errors    []byte
	orphan    bool

	final Final
}

// stitch makes the finished form of every touched entity (catalog.md 7.8), stores those that differ, and returns the
// rows for the change log.
func (u *unit) stitch() ([]Change, error) {
	var changes []Change
	for _, ref := range slices.Sorted(maps.Keys(u.deleted)) {
		if h := u.deleted[ref]; h.FinalHash != "" {
			changes = append(changes, Change{ID: h.ID, Ref: ref, UID: h.UID})
		}
	}
	drafts, err := u.drafts()
	if err != nil || len(drafts) == 0 {
		return changes, err
	}
	if err := finishAll(drafts); err != nil {
		return nil, err
	}
	var finals []Final
	for _, d := range drafts {
		if d.final.Hash == d.head.FinalHash {
			continue
		}
		finals = append(finals, d.final)
		changes = append(changes, Change{ID: d.head.ID, Ref: d.head.Ref, UID: d.head.UID, Body: d.final.Body})
	}
	if len(finals) == 0 {
		return changes, nil
	}
	return changes, u.tx.PutFinals(u.ctx, finals)
}

// drafts gathers what the touched entities are made of. Those that were never processed successfully are left out: they
// stay invisible.
func (u *unit) drafts() ([]*draft, error) {
	refs := slices.Sorted(maps.Keys(u.touched))
	if err := u.loadHeads(refs); err != nil {
		return nil, err
	}
	refs = slices.DeleteFunc(refs, func(ref string) bool { return u.heads[ref] == nil })
	documents, err := u.documents(slices.DeleteFunc(slices.Clone(refs), func(ref string) bool { return u.fresh[ref] != nil }))
	if err != nil {
		return nil, err
	}
	refs = slices.DeleteFunc(refs, func(ref string) bool { return u.fresh[ref] == nil && documents[ref].Ref == "" })
	if len(refs) == 0 {
		return nil, nil
	}
	if err := u.loadIn(refs); err != nil {
		return nil, err
	}
	foreign, err := u.tx.Foreign(u.ctx, refs)
	if err != nil {
		return nil, err
	}
	others := make(map[string][]entity.Relation)
	for _, r := range foreign {
		others[r.Source] = append(others[r.Source], entity.Relation{Type: r.Type, Source: r.Source, Target: r.Target})
	}
	drafts := make([]*draft, 0, len(refs))
	for _, ref := range refs {
		d := &draft{head: *u.heads[ref], orphan: len(u.in[ref]) == 0, relations: others[ref]}
		if f := u.fresh[ref]; f != nil {
			d.body, d.errors = f.body, f.errors
			d.relations = append(d.relations, f.relations...)
		} else {
			doc := documents[ref]
			d.raw, d.errors = doc.Body, doc.Errors
			d.relations = append(d.relations, own(ref, decodeRelations(ref, doc.Relations))...)
		}
		drafts = append(drafts, d)
	}
	return drafts, nil
}

// finishAll works on all cores: parsing and hashing is most of what stitching costs.
func finishAll(drafts []*draft) error {
	workers := min(runtime.GOMAXPROCS(0), len(drafts)/16+1)
	var g errgroup.Group
	for w := range workers {
		g.Go(func() error {
			for i := w; i < len(drafts); i += workers {
				if err := drafts[i].finish(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// finish makes the finished form in the order of keys that Backstage writes: what the entity has, then relations, then
// status; uid and etag at the end of metadata.
func (d *draft) finish() error {
	body := d.body
	if body == nil {
		parsed, err := entity.ParseObject(d.raw)
		if err != nil {
			return err
		}
		body = parsed
	}
	// Copies, because the transaction may run again with the same processed entity.
	root := shallow(body)
	meta := shallow(entity.FromObject(body).Metadata())
	root.Set("metadata", meta)
	d.annotate(meta)
	root.Set("relations", relationList(d.relations))
	if err := d.status(root); err != nil {
		return err
	}
	meta.Set("uid", d.head.UID)
	sum := sha1.Sum(entity.StableJSON(root)) //nolint:gosec // see the import
	hash := hex.EncodeToString(sum[:])
	if etag, _ := meta.Get("etag"); etag == nil || etag == "" {
		meta.Set("etag", hash)
	}
	d.final = Final{ID: d.head.ID, UID: d.head.UID, Ref: d.head.Ref, Body: entity.AppendJSON(nil, root), Hash: hash}
	return nil
}

// annotate marks an orphan, and takes the sting out of links that would run as scripts (catalog.md 1.8).
func (d *draft) annotate(meta *entity.Object) {
	marks := entity.NewObject()
	if v, ok := meta.Get("annotations"); ok {
		if o, ok := v.(*entity.Object); ok {
			marks = shallow(o)
		}
	}
	changed := false
	if d.orphan {
		marks.Set(annotationOrphan, "true")
		changed = true
	}
	for _, key := range []string{annotationViewURL, annotationEditURL} {
		if v, _ := marks.Get(key); v != nil {
			if url, ok := v.(string); ok && entity.IsScriptURL(url) {
				marks.Set(key, rejectedURL)
				changed = true
			}
		}
	}
	if changed {
		meta.Set("annotations", marks)
	}
}

// status appends the errors of processing to what processors put there (catalog.md 1.9).
func (d *draft) status(root *entity.Object) error {
	if len(d.errors) == 0 {
		return nil
	}
	parsed, err := entity.ParseJSON(d.errors)
	if err != nil {
		return err
	}
	items, _ := parsed.([]any)
	status := entity.NewObject()
	if v, ok := root.Get("status"); ok {
		if o, ok := v.(*entity.Object); ok {
			status = shallow(o)
		}
	}
	var before []any
	if v, ok := status.Get("items"); ok {
		before, _ = v.([]any)
	}
	status.Set("items", slices.Concat(before, items))
	root.Set("status", status)
	return nil
}

func shallow(o *entity.Object) *entity.Object {
	if o == nil {
		return entity.NewObject()
	}
	return entity.CollectObject(o.All())
}

// relationList is the distinct relations, ordered by type and target.
func relationList(all []entity.Relation) []any {
	slices.SortFunc(all, func(a, b entity.Relation) int {
		return cmp.Or(strings.Compare(a.Type, b.Type), strings.Compare(a.Target, b.Target))
	})
	list := make([]any, 0, len(all))
	for i, r := range all {
		if i > 0 && r.Type == all[i-1].Type && r.Target == all[i-1].Target {
			continue
		}
		o := entity.NewObject()
		o.Set("type", r.Type)
		o.Set("targetRef", r.Target)
		list = append(list, o)
	}
	return list
}
