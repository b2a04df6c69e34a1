package permission

import (
	"encoding/json"
	"net/http"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/router"
)

// Where every plugin with permissions describes them, and lets conditions be applied (core.md 8.2).
const (
	metadataPath = "/.well-known/backstage/permissions/metadata"
	applyPath    = "/.well-known/backstage/permissions/apply-conditions"
)

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

// wireRule is a rule as the metadata route describes it.
type wireRule struct {
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	ResourceType string          `json:"resourceType"`
	ParamsSchema json.RawMessage `json:"paramsSchema"`
}

// Mount serves the description of a plugin's permissions and rules, in the order given, to users and services; and applies
// conditions for the permission backend.
func Mount(routes *router.Routes, permissions []Permission, resources ...Resources) {
	answer := struct {
		Permissions []Permission `json:"permissions"`
		Rules       []wireRule   `json:"rules"`
	}{Permissions: append([]Permission{}, permissions...), Rules: []wireRule{}}
	for _, r := range resources {
		for _, rule := range r.Rules {
			answer.Rules = append(answer.Rules, wireRule{rule.Name, rule.Description, r.Type, rule.schema()})
		}
	}
	routes.Handle("GET "+metadataPath, func(w http.ResponseWriter, r *http.Request) error {
		// The gate asks for the same, but not in a plugin that opened its root.
		if _, err := auth.Require(r.Context(), auth.KindUser, auth.KindService); err != nil {
			return err
		}
		return router.WriteJSON(w, r, http.StatusOK, answer)
	})
	routes.Handle("POST "+applyPath, func(w http.ResponseWriter, r *http.Request) error {
		return apply(w, r, resources)
	})
}

// schema is the JSON schema of the rule's parameters, in the form in which upstream writes its own.
func (r *Rule) schema() json.RawMessage {
	properties, required := entity.NewObject(), []any{}
	for _, p := range r.Params {
		if p.List {
			properties.Set(p.Name, entity.ObjectOf("type", "array", "items", entity.ObjectOf("type", "string"), "description", p.About))
		} else {
			properties.Set(p.Name, entity.ObjectOf("type", "string", "description", p.About))
		}
		if !p.Optional {
			required = append(required, p.Name)
		}
	}
	return entity.AppendJSON(nil, entity.ObjectOf("type", "object", "properties", properties, "required", required,
		"additionalProperties", false, "$schema", "http://json-schema.org/draft-07/schema#"))
}
