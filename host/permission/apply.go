package permission

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/router"
)

// The limits of a request to apply conditions. Upstream takes 100 KiB, too little for the refs of a long list.
const (
	maxApplyBody  = 4 << 20
	maxApplyItems = 10_000
	maxApplyRefs  = 100_000
)

// application is one item of the request: criteria, and the resources that they are applied to.
type application struct {
	id, resourceType string
	refs             []string
	list             bool // the refs came as a list
	criteria         Criteria
}

// applied is one item of the answer.
type applied struct {
	ID     string `json:"id"`
	Result any    `json:"result"`
}

// apply serves apply-conditions (core.md 8.2): services, and services on a user's behalf. To a user it would tell, ref by
// ref, what a policy hides.
func apply(w http.ResponseWriter, r *http.Request, resources []Resources) error {
	who, err := auth.Require(r.Context(), auth.KindUser, auth.KindService)
	if err != nil {
		return err
	}
	if who.IsUser() && who.Actor == "" {
		return fault.NotAllowed("")
	}
	body, err := router.ReadJSON(r, maxApplyBody)
	if err != nil {
		return err
	}
	asked, err := readApplications(body)
	if err != nil {
		return err
	}
	if err := checkTypes(asked, resources); err != nil {
		return err
	}
	answer := struct {
		Items []applied `json:"items"`
	}{Items: make([]applied, 0, len(asked))}
	for i := range asked {
		result, err := asked[i].decide(r.Context(), who, resources)
		if err != nil {
			return err
		}
		answer.Items = append(answer.Items, applied{asked[i].id, result})
	}
	return router.WriteJSON(w, r, http.StatusOK, answer)
}

func readApplications(body any) ([]application, error) {
	o, _ := body.(*entity.Object)
	items, ok := o.Path("items").([]any)
	if !ok {
		return nil, fault.Input("Invalid request body: 'items' must be a list")
	}
	if len(items) > maxApplyItems {
		return nil, fault.Input("Invalid request body: more than %d items; ask in parts", maxApplyItems)
	}
	asked, refs := make([]application, 0, len(items)), 0
	for i, v := range items {
		item, _ := v.(*entity.Object)
		a := application{}
		var okID, okType bool
		a.id, okID = item.Path("id").(string)
		a.resourceType, okType = item.Path("resourceType").(string)
		if !okID || !okType {
			return nil, fault.Input("Invalid request body: items[%d] needs the texts 'id' and 'resourceType'", i)
		}
		if a.refs, a.list = entity.Strings(item.Path("resourceRef")); !a.list {
			ref, ok := item.Path("resourceRef").(string)
			if !ok {
				return nil, fault.Input("Invalid request body: items[%d].resourceRef must be a text or a list of texts", i)
			}
			a.refs = []string{ref}
		}
		if refs += len(a.refs); len(a.refs) == 0 || refs > maxApplyRefs {
			return nil, fault.Input("Invalid request body: items[%d].resourceRef must not be empty, nor all of them more than %d", i, maxApplyRefs)
		}
		var err error
		if a.criteria, err = ParseCriteria(item.Path("conditions")); err != nil {
			return nil, fault.Input("Invalid request body: items[%d].conditions: %s", i, err)
		}
		asked = append(asked, a)
	}
	return asked, nil
}

// checkTypes refuses the whole request for one type that this plugin does not have, or cannot tell about.
func checkTypes(asked []application, resources []Resources) error {
	var unknown []string
	for i := range asked {
		if find(resources, asked[i].resourceType) == nil {
			unknown = append(unknown, asked[i].resourceType)
		}
	}
	if len(unknown) > 0 {
		return fault.Input("Unexpected resource types: %s.", strings.Join(unknown, ", "))
	}
	for i := range asked {
		if find(resources, asked[i].resourceType).Apply == nil {
			return fault.NotImplemented("This plugin cannot apply conditions to resources of the type %s", asked[i].resourceType)
		}
	}
	return nil
}

func find(resources []Resources, name string) *Resources {
	if i := slices.IndexFunc(resources, func(r Resources) bool { return r.Type == name }); i >= 0 {
		return &resources[i]
	}
	return nil
}

// decide is the result on the wire: a text for one ref, a list of them for a list.
func (a *application) decide(ctx context.Context, who auth.Credentials, resources []Resources) (any, error) {
	r := find(resources, a.resourceType)
	if err := r.check(a.criteria); err != nil {
		// Here the criteria are those of whoever asks.
		return nil, fault.Input("Invalid conditions: %s", err)
	}
	holds, err := r.Apply(ctx, who, a.criteria, a.refs)
	if err != nil {
		return nil, err
	}
	results := make([]Result, len(a.refs))
	for i := range results {
		results[i] = Deny
		if i < len(holds) && holds[i] {
			results[i] = Allow
		}
	}
	if a.list {
		return results, nil
	}
	return results[0], nil
}
