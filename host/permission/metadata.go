package permission

import (
	"encoding/json"
	"net/http"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
)

// metadataPath is where every plugin with permissions describes them (core.md 8.2).
const metadataPath = "/.well-known/backstage/permissions/metadata"

// Rule is a condition that a policy may attach to a decision about resources of one type.
type Rule struct {
	Name         string `json:"name"`
	Description  string `json:"description"`
	ResourceType string `json:"resourceType"`
	// ParamsSchema is the JSON schema of the rule's parameters, written as it is; nil leaves it out.
	ParamsSchema json.RawMessage `json:"paramsSchema,omitempty"`
}

// MarshalJSON writes the permission as the wire has it: with a type, and its action as an attribute.
func (p Permission) MarshalJSON() ([]byte, error) {
	type attributes struct {
		Action string `json:"action,omitempty"`
	}
	wire := struct {
		Type         string     `json:"type"`
		Name         string     `json:"name"`
		Attributes   attributes `json:"attributes"`
		ResourceType string     `json:"resourceType,omitempty"`
	}{Type: "basic", Name: p.Name, Attributes: attributes{Action: p.Action}, ResourceType: p.ResourceType}
	if p.ResourceType != "" {
		wire.Type = "resource"
	}
	return json.Marshal(wire)
}

// Mount serves the description of a plugin's permissions and rules, in the order given, to users and services.
func Mount(routes *router.Routes, permissions []Permission, rules ...Rule) {
	answer := struct {
		Permissions []Permission `json:"permissions"`
		Rules       []Rule       `json:"rules"`
	}{Permissions: append([]Permission{}, permissions...), Rules: append([]Rule{}, rules...)}
	routes.Handle("GET "+metadataPath, func(w http.ResponseWriter, r *http.Request) error {
		// The gate asks for the same, but not in a plugin that opened its root.
		if _, err := auth.Require(r.Context(), auth.KindUser, auth.KindService); err != nil {
			return err
		}
		return router.WriteJSON(w, r, http.StatusOK, answer)
	})
}
