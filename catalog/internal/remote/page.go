package remote

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host"
)

// page is an answer of by-query.
type page struct {
	items []json.RawMessage
	total int
	next  string
}

// parsePage reads an answer of by-query. An answer without its parts is none: an empty catalog says so.
func parsePage(body []byte) (page, error) {
	var wire struct {
		Items      []json.RawMessage `json:"items"`
		TotalItems *int              `json:"totalItems"`
		PageInfo   *struct {
			NextCursor string `json:"nextCursor"`
		} `json:"pageInfo"`
	}
	if err := json.Unmarshal(body, &wire); err != nil {
		return page{}, fmt.Errorf("it is no whole JSON document: %w", err)
	}
	if wire.Items == nil || wire.TotalItems == nil || wire.PageInfo == nil {
		return page{}, errors.New("it is no page of entities: items, totalItems or pageInfo is missing")
	}
	if *wire.TotalItems < 0 {
		return page{}, fmt.Errorf("it counts %d entities", *wire.TotalItems)
	}
	return page{items: wire.Items, total: *wire.TotalItems, next: wire.PageInfo.NextCursor}, nil
}

// parseRefs reads an answer of by-refs to so many refs.
func parseRefs(body []byte, asked int) ([]json.RawMessage, error) {
	var wire struct {
		Items []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(body, &wire); err != nil {
		return nil, fmt.Errorf("it is no whole JSON document: %w", err)
	}
	if len(wire.Items) != asked {
		return nil, fmt.Errorf("it has %d items for %d refs", len(wire.Items), asked)
	}
	return wire.Items, nil
}

// isNull reports whether an item stands for no entity.
func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

// item is one entity of an answer.
type item struct {
	entity entity.Entity
	// ref is canonical; empty if it cannot be read.
	ref string
	// err is an *host.EntityError for an entity that cannot be read.
	err error
}

// parseItem reads an entity. What has no kind or no name is none.
func parseItem(raw json.RawMessage) item {
	o, err := entity.ParseObject(raw)
	if err != nil {
		ref := lenientRef(raw)
		return item{ref: ref, err: &host.EntityError{Ref: ref, Err: err}}
	}
	e := entity.FromObject(o)
	if e.Kind() == "" || e.Name() == "" {
		return item{err: &host.EntityError{Err: fmt.Errorf("it has no kind or no name; its uid is %q", legible(e.UID()))}}
	}
	return item{entity: e, ref: e.Ref().String()}
}

// lenientRef names what is no entity by our reading, if its name can be made out.
func lenientRef(raw json.RawMessage) string {
	var wire struct {
		Kind     string
		Metadata struct{ Namespace, Name string }
	}
	if json.Unmarshal(raw, &wire) != nil || wire.Kind == "" || wire.Metadata.Name == "" {
		return ""
	}
	return entity.Ref{Kind: wire.Kind, Namespace: wire.Metadata.Namespace, Name: wire.Metadata.Name}.String()
}

// wantsPost tells by which verb a cursor is sent on, as the official client decides it (catalog.md 9.2): one that decodes
// to an object with a query goes by POST.
func wantsPost(cursor string) bool {
	data, err := base64.StdEncoding.DecodeString(pad(cursor))
	if err != nil {
		return false
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(data, &members) != nil {
		return false
	}
	_, ok := members["query"]
	return ok
}

// pad adds the padding that base64 may come without.
func pad(text string) string {
	return text + strings.Repeat("=", (4-len(text)%4)%4)
}
