package httpapi

import (
	"net/http"
	"slices"
	"time"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/client"
	"github.com/understudy-portal/understudy/plugins/spacelift/internal/store"
)

type detailView struct {
	stackView
	SyncedAt            time.Time        `json:"syncedAt"`
	Stale               bool             `json:"stale"`
	TerraformVersion    string           `json:"terraformVersion,omitempty"`
	Workspace           string           `json:"workspace,omitempty"`
	RunnerImage         string           `json:"runnerImage,omitempty"`
	ManagesStateFile    bool             `json:"managesStateFile"`
	ProtectFromDeletion bool             `json:"protectFromDeletion"`
	Policies            []attachmentView `json:"policies"`
	Contexts            []attachmentView `json:"contexts"`
	DependsOn           []stackRefView   `json:"dependsOn"`
	DependedOnBy        []stackRefView   `json:"dependedOnBy"`
	Entities            []string         `json:"entities"`
	// EntitiesError is there when the catalog could not be read, so that entities is not the whole truth.
	EntitiesError string `json:"entitiesError,omitempty"`
}

const entitiesUnknown = "The catalog could not be read, so it is not known which entities name this stack."

type attachmentView struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"`
	Priority int    `json:"priority,omitempty"`
}

type stackRefView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// getStack is GET /v1/stacks/{id}.
func (a *API) getStack(w http.ResponseWriter, r *http.Request, may []access) error {
	ctx, id, see := r.Context(), r.PathValue("id"), may[0]
	if s := a.Mirror.Snapshot(); s.Stack(id) != nil && !see.knows(s, id) {
		return noStack() // before Spacelift is asked
	}
	d, stale, err := a.Mirror.Read(ctx, id)
	if err != nil {
		return hide(err, see)
	}
	s := a.Mirror.Snapshot()
	if !see.allows(s, &d.Stack) {
		return noStack() // it is not what it was
	}
	trouble := ""
	refs, err := a.entities.naming(ctx, auth.FromContext(ctx), id)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		// The stack can be shown without them.
		a.Log.WarnContext(ctx, "the entities of a stack cannot be read", "stack", id, "err", err)
		refs, trouble = []string{}, entitiesUnknown
	}
	hidden := func(ref client.StackRef) bool { return !see.knows(s, ref.ID) }
	d.DependsOn, d.DependedOnBy = slices.DeleteFunc(d.DependsOn, hidden), slices.DeleteFunc(d.DependedOnBy, hidden)
	v := a.viewStack(d.Stack, a.held(s, id), may[1].allows(s, &d.Stack))
	detail := viewDetail(v, d, stale, refs)
	detail.EntitiesError = trouble
	return router.WriteJSON(w, r, http.StatusOK, detail)
}

func viewDetail(v stackView, d store.Detail, stale bool, refs []string) detailView {
	version := d.TerraformVersion
	if version == "" {
		version = d.VendorVersion
	}
	return detailView{
		stackView: v, SyncedAt: d.ReadAt, Stale: stale, TerraformVersion: version, Workspace: d.Workspace,
		RunnerImage: d.RunnerImage, ManagesStateFile: d.ManagesStateFile, ProtectFromDeletion: d.ProtectFromDeletion,
		Policies: attachments(d.Policies), Contexts: attachments(d.Contexts),
		DependsOn: stackRefs(d.DependsOn), DependedOnBy: stackRefs(d.DependedOnBy), Entities: refs,
	}
}

func attachments(list []client.Attachment) []attachmentView {
	out := make([]attachmentView, len(list))
	for i, x := range list {
		out[i] = attachmentView(x)
	}
	return out
}

func stackRefs(list []client.StackRef) []stackRefView {
	out := make([]stackRefView, len(list))
	for i, x := range list {
		out[i] = stackRefView(x)
	}
	return out
}
