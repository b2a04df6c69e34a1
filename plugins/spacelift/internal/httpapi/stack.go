package httpapi

import (
	"net/http"
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
}

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
func (a *API) getStack(w http.ResponseWriter, r *http.Request) error {
	ctx, id := r.Context(), r.PathValue("id")
	d, stale, err := a.Mirror.Read(ctx, id)
	if err != nil {
		return err
	}
	refs, err := a.entities.naming(ctx, auth.FromContext(ctx), id)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		// The stack can be shown without them.
		a.Log.WarnContext(ctx, "the entities of a stack cannot be read", "stack", id, "err", err)
		refs = []string{}
	}
	return router.WriteJSON(w, r, http.StatusOK, a.viewDetail(d, stale, a.held(a.Mirror.Snapshot(), id), refs))
}

func (a *API) viewDetail(d store.Detail, stale bool, pending *store.Trigger, refs []string) detailView {
	version := d.TerraformVersion
	if version == "" {
		version = d.VendorVersion
	}
	return detailView{
		stackView: a.viewStack(d.Stack, pending), SyncedAt: d.ReadAt, Stale: stale, TerraformVersion: version, Workspace: d.Workspace,
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
