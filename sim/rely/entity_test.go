package rely_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
)

func TestShapeErrors(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	c.want(200, "", "PUT", "/api/v1/blueprints/bulk?user_editable=True", `[{"id":"all","title":"All","schemaProperties":{"type":"object","properties":{
		"url":{"type":"string","format":"url"},"mail":{"type":"string","format":"email"},"at":{"type":"string","format":"date-time"},
		"json":{"type":"string","format":"json"},"yaml":{"type":"string","format":"yaml"},"n":{"type":"number"},"i":{"type":"integer"},
		"b":{"type":"boolean"},"o":{"type":"object"},"l":{"type":"array","items":{"type":"string","format":"url"}}}}}]`)
	all := func(properties string) string {
		return `{"id":"x","blueprintId":"all","title":"X","properties":{` + properties + `}}`
	}
	for _, v := range []struct{ entity, kind, loc string }{
		{`{"blueprintId":"all","title":"X"}`, "missing", `"id"`},
		{`{"id":"Not good","blueprintId":"all","title":"X"}`, "string_pattern_mismatch", `"id"`},
		{`{"id":7,"blueprintId":"all"}`, "string_type", `"id"`},
		{`{"id":"x","title":"X"}`, "missing", `"blueprintId"`},
		{`{"id":"x","blueprintId":"A","title":"X"}`, "string_pattern_mismatch", `"blueprintId"`},
		{`{"id":"x","blueprintId":"all","title":1}`, "string_type", `"title"`},
		{`{"id":"x","blueprintId":"all","isHidden":1}`, "bool_type", `"isHidden"`},
		{`{"id":"x","blueprintId":"all","properties":[]}`, "dict_type", `"properties"`},
		{`{"id":"x","blueprintId":"all","sources":["a",1]}`, "list_type", `"sources"`},
		{`{"id":"x","blueprintId":"all","relations":{"r":"x"}}`, "dict_type", `"relations","r"`},
		{`{"id":"x","blueprintId":"all","relations":{"r":{}}}`, "missing", `"relations","r","value"`},
		{`{"id":"x","blueprintId":"all","relations":{"r":{"value":[1]}}}`, "string_type", `"relations","r","value"`},
		{`[]`, "model_attributes_type", ``},
		{all(`"url":"mailto:a@b.c"`), "url_parsing", `"properties","url"`},
		{all(`"url":1`), "string_type", `"properties","url"`},
		{all(`"mail":"nobody"`), "value_error", `"properties","mail"`},
		{all(`"at":"yesterday"`), "datetime_parsing", `"properties","at"`},
		{all(`"json":"{"`), "json_invalid", `"properties","json"`},
		{all(`"yaml":"{"`), "value_error", `"properties","yaml"`},
		{all(`"n":"1"`), "number_type", `"properties","n"`},
		{all(`"i":1.5`), "int_from_float", `"properties","i"`},
		{all(`"b":"true"`), "bool_type", `"properties","b"`},
		{all(`"o":[]`), "object_type", `"properties","o"`},
		{all(`"l":"x"`), "array_type", `"properties","l"`},
		{all(`"l":["https://x","y"]`), "url_parsing", `"properties","l"`},
		{service("ok"), "value_error", `"id"`}, // twice in one payload
	} {
		path := v.loc
		if path != "" {
			path = "," + path
		}
		c.want(422, fmt.Sprintf(`"loc":["body","data","payload",1%s]`, path), "POST", "/api/v1/tasks", task(service("ok"), v.entity))
		text := c.want(422, fmt.Sprintf(`"loc":["body",1%s]`, path), "PUT", "/api/v1/entities/bulk?patch=True", `[`+service("ok")+`,`+v.entity+`]`)
		if !strings.Contains(text, `"type":"`+v.kind+`"`) {
			t.Errorf("%s: %s, want %s", v.entity, text, v.kind)
		}
	}
	good := all(`"url":"https://x/y","mail":"a@b.c","at":"2026-01-01T00:00:00Z","json":"[]","yaml":"a: 1","n":1.5,"i":-3,"b":false,"o":{},"l":["https://x"]`)
	c.want(200, "", "PUT", "/api/v1/entities/bulk", `[`+good+`]`)
	if got := sim.IDs(); len(got) != 1 {
		t.Errorf("what was refused is stored: %v", got)
	}

	// Without loc there is no index to go by.
	c.want(200, "", "PUT", "/_sim/switches", `{"loc":"off"}`)
	c.want(422, `{"detail":[{"loc":["body","data","payload"],"msg":"String should match`, "POST", "/api/v1/tasks", task(service("ok"), service("NO"), service("NO!")))
}

func TestMeaningErrors(t *testing.T) {
	t.Parallel()
	sim, c := start(t, func(o *rely.Options) { o.Generation = "both" })
	c.want(200, "", "PUT", "/api/v1/entities/bulk", `[`+service("old")+`]`)
	for _, v := range []struct {
		entity, message string
		status          int
	}{
		{`{"id":"x","blueprintId":"nothing","title":"X"}`, "Entity x: Blueprint with id nothing not found", 400},
		{`{"id":"x","blueprintId":"service"}`, "Entity x: title is required", 400},
		{`{"id":"x","blueprintId":"deployment","title":"X","properties":{"status":"odd"}}`, `Entity x: property status: \"odd\" is not an allowed value`, 400},
		{service("x", `"relations":{"odd":{"value":"y"}}`), "Entity x: relation odd is not in blueprint service", 400},
		{service("x", `"relations":{"team":{"value":["y"]}}`), "Entity x: relation team takes one value", 400},
		{service("x", `"relations":{"resources":{"value":"y"}}`), "Entity x: relation resources takes a list", 400},
		{`{"id":"old","blueprintId":"team","title":"X"}`, "Entity old: exists with blueprint service", 409},
	} {
		body := c.want(201, "created", "POST", "/api/v1/tasks", task(service("good"), v.entity))
		c.want(200, `"status":"failed","error":{"type":"EntityValidationError","message":"`+v.message, "GET", "/api/v1/tasks/"+taskOf(t, body), nil)
		c.want(v.status, v.message, "PUT", "/api/v1/entities/bulk?patch=true", `[`+service("good")+`,`+v.entity+`]`)
	}
	if _, ok := sim.Entity("good"); ok {
		t.Error("a task with a bad entity wrote the good one")
	}
	strict := strings.Replace(task(service("x", `"properties":{"odd":1}`)), `"ignore"`, `"reject"`, 1)
	body := c.want(201, "created", "POST", "/api/v1/tasks", strict)
	c.want(200, "property odd is not in blueprint service", "GET", "/api/v1/tasks/"+taskOf(t, body), nil)
}

func TestPatch(t *testing.T) {
	t.Parallel()
	sim, c := start(t)
	put := func(query, entity string) { c.want(200, "", "PUT", "/api/v1/entities/bulk"+query, `[`+entity+`]`) }
	has := func(part string) {
		t.Helper()
		c.want(200, part, "GET", "/api/v1/entities/a", nil)
	}
	put("", service("a", `"description":"D"`, `"properties":{"tier":"1","language":"go"}`, `"relations":{"team":{"value":"t"},"resources":{"value":["r"]}}`))
	put("?patch=True", `{"id":"a","blueprintId":"service","properties":{"tier":"2"},"relations":{"team":{"value":"u"}}}`)
	has(`"title":"T","description":"D"`)
	has(`"properties":{"language":"go","tier":"2"},"relations":{"resources":{"value":["r"]},"team":{"value":"u"}}`)
	put("?patch=True", `{"id":"a","blueprintId":"service","properties":{"tier":null},"relations":{"team":{"value":null},"resources":{"value":[]}}}`)
	has(`"properties":{"language":"go"},"relations":{}`)
	put("?patch=true&updatePropertiesAndRelationsOnly=True", `{"id":"a","blueprintId":"service","title":"New","description":"New","properties":{"tier":"3"}}`)
	has(`"title":"T","description":"D"`)
	put("", service("a", `"properties":{"tier":"4"}`))
	has(`"description":"","isActive":true,"isHidden":false,"properties":{"tier":"4"},"relations":{}`)
	before := sim.Stats().Entities
	put("?patch=True", service("a", `"properties":{"tier":"4"}`))
	after := sim.Stats().Entities
	if after.Noop != before.Noop+1 || after.Updated != before.Updated {
		t.Errorf("an identical write: %+v, then %+v", before, after)
	}
	history := c.want(200, `"operation":"create"`, "GET", "/_sim/entities/a/history", nil)
	for _, part := range []string{`"version":5`, `"changed":["properties.tier","relations.team"]`, `"by":"simulator"`} {
		if !strings.Contains(history, part) {
			t.Errorf("history lacks %s: %s", part, history)
		}
	}
	if strings.Contains(history, `"version":6`) {
		t.Errorf("an identical write is in the history: %s", history)
	}
}

func TestSingleEntities(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	c.want(200, `"id":"a"`, "POST", "/api/v1/entities", service("a"))
	c.want(409, "already exists", "POST", "/api/v1/entities", service("a"))
	c.want(422, `"loc":["body","id"]`, "POST", "/api/v1/entities", `{"blueprintId":"service","title":"X"}`)
	c.want(200, `"title":"Other"`, "PUT", "/api/v1/entities/a?patch=true", `{"id":"a","blueprintId":"service","title":"Other"}`)
	c.want(200, `"id":"b"`, "PUT", "/api/v1/entities/b", `{"blueprintId":"service","title":"B"}`)
	c.want(400, "not that of the path", "PUT", "/api/v1/entities/b", service("a"))
	c.want(422, "bool_parsing", "PUT", "/api/v1/entities/b?patch=perhaps", service("b"))
	c.want(422, "ignore", "PUT", "/api/v1/entities/b?unmappedProperties=perhaps", service("b"))
	c.want(204, "", "DELETE", "/api/v1/entities/a", nil)
	c.want(404, "Entity with id a not found", "DELETE", "/api/v1/entities/a", nil)
	c.want(404, "Entity with id a not found", "GET", "/api/v1/entities/a", nil)
	c.want(200, `"operation":"delete"`, "GET", "/_sim/entities/a/history", nil)
}

func TestListing(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	for i := range 7 {
		c.want(200, "", "POST", "/api/v1/entities", service(fmt.Sprintf("e%d", i), fmt.Sprintf(`"properties":{"tier":"%d"}`, i%2)))
	}
	var pages []listing
	query := ""
	for {
		var p listing
		decode(t, c.want(200, "", "GET", "/api/v1/entities?size=3"+query, nil), &p)
		if pages = append(pages, p); p.NextPage == nil {
			break
		}
		query = "&cursor=" + *p.NextPage
	}
	if len(pages) != 3 || pages[0].Total != 7 || len(pages[2].Items) != 1 || pages[2].Items[0].ID != "e6" {
		t.Errorf("pages: %+v", pages)
	}
	var back listing
	decode(t, c.want(200, "", "GET", "/api/v1/entities?size=3&cursor="+*pages[2].PreviousPage, nil), &back)
	if len(back.Items) != 3 || back.Items[0].ID != "e3" {
		t.Errorf("the page before the last one: %+v", back)
	}
	for filter, want := range map[string]int{
		"properties.tier:eq:1": 3, "tier:neq:1": 4, "id:in:e1,e2,x": 2, "id:contains:e": 7, "title:like:t": 7, "blueprintId:eq:team": 0,
	} {
		var p listing
		decode(t, c.want(200, "", "GET", "/api/v1/entities?filters="+filter, nil), &p)
		if p.Total != want {
			t.Errorf("%s: %d, want %d", filter, p.Total, want)
		}
	}
	c.want(400, "Invalid filter", "GET", "/api/v1/entities?filters=id", nil)
	c.want(400, "operator", "GET", "/api/v1/entities?filters=id:is:x", nil)
	c.want(400, "cursor", "GET", "/api/v1/entities?cursor=!", nil)
	c.want(422, "size", "GET", "/api/v1/entities?size=1000", nil)
}

type listing struct {
	Items        []struct{ ID string }
	Total        int
	NextPage     *string `json:"next_page"`
	PreviousPage *string `json:"previous_page"`
}

func TestSwitches(t *testing.T) {
	t.Parallel()
	set := func(t *testing.T, s rely.Switches) (client, func(string) string) {
		_, c := start(t, func(o *rely.Options) { o.Switches = s })
		return c, func(body string) string {
			return c.want(200, "", "GET", "/api/v1/tasks/"+taskOf(t, c.want(201, "", "POST", "/api/v1/tasks", body)), nil)
		}
	}
	expect := func(t *testing.T, text, part string) {
		t.Helper()
		if !strings.Contains(text, part) {
			t.Errorf("%s, want %s", text, part)
		}
	}
	bad := service("bad", `"relations":{"odd":{"value":"y"}}`)
	t.Run("taskAtomicity partial", func(t *testing.T) {
		t.Parallel()
		c, run := set(t, rely.Switches{TaskAtomicity: "partial"})
		expect(t, run(task(service("good"), bad)), `"failed","error":{"type":"EntityValidationError","message":"Entity bad`)
		c.want(200, "", "GET", "/api/v1/entities/good", nil)
	})
	t.Run("null ignore", func(t *testing.T) {
		t.Parallel()
		c, run := set(t, rely.Switches{Null: "ignore"})
		run(task(service("a", `"properties":{"tier":"1"}`, `"relations":{"team":{"value":"t"}}`)))
		run(task(service("a", `"properties":{"tier":null}`, `"relations":{"team":{"value":null}}`)))
		c.want(200, `"properties":{"tier":"1"},"relations":{"team":{"value":"t"}}`, "GET", "/api/v1/entities/a", nil)
	})
	t.Run("dangling reject", func(t *testing.T) {
		t.Parallel()
		_, run := set(t, rely.Switches{Dangling: "reject"})
		points := service("a", `"relations":{"resources":{"value":["r"]}}`)
		expect(t, run(task(points)), "relation resources points to r, which does not exist")
		expect(t, run(task(points, `{"id":"r","blueprintId":"resource","title":"R"}`)), "success")
		expect(t, run(task(points)), "success")
	})
	t.Run("delete off", func(t *testing.T) {
		t.Parallel()
		c, run := set(t, rely.Switches{Delete: "off"})
		run(task(service("a")))
		c.want(405, "Method Not Allowed", "DELETE", "/api/v1/entities/a", nil)
	})
	t.Run("bulkPut off", func(t *testing.T) {
		t.Parallel()
		c, _ := set(t, rely.Switches{BulkPut: "off"})
		c.want(405, "", "PUT", "/api/v1/entities/bulk", `[]`)
	})
	t.Run("tasks off", func(t *testing.T) {
		t.Parallel()
		c, _ := set(t, rely.Switches{Tasks: "off"})
		c.want(404, `{"detail":"Not Found"}`, "POST", "/api/v1/tasks", task(service("a")))
		c.want(404, `{"detail":"Not Found"}`, "GET", "/api/v1/tasks/x", nil)
		c.want(200, `"violations":0`, "GET", "/_sim/stats", nil)
	})
	t.Run("relationRepeat", func(t *testing.T) {
		t.Parallel()
		for value, status := range map[string]int{"400": 400, "409": 409} {
			c, _ := set(t, rely.Switches{RelationRepeat: value})
			c.want(status, "already has a relation with key team", "POST", "/api/v1/blueprints/service/relations", `{"team":{"value":"team"}}`)
		}
	})
	t.Run("blueprintChange replace", func(t *testing.T) {
		t.Parallel()
		c, run := set(t, rely.Switches{BlueprintChange: "replace"})
		run(task(service("a", `"properties":{"tier":"1"}`)))
		expect(t, run(task(`{"id":"a","blueprintId":"team","title":"A","properties":{"leader":"l"}}`)), "success")
		c.want(200, `"properties":{"leader":"l"}`, "GET", "/api/v1/entities/a", nil)
	})
	t.Run("casing", func(t *testing.T) {
		t.Parallel()
		for casing, want := range map[string]string{
			"upper": `"type":"ENTITIES_BULK_UPSERT","status":"SUCCESS"`, "camel": `"type":"entitiesBulkUpsert","status":"success"`,
			"snake": `"type":"entities_bulk_upsert","status":"success"`,
		} {
			_, run := set(t, rely.Switches{Casing: casing})
			body := task(service("a"))
			expect(t, run(body), want)
			expect(t, run(strings.Replace(body, "entities_bulk_upsert", "ENTITIES_BULK_UPSERT", 1)), want)
			expect(t, run(strings.NewReplacer("entities_bulk_upsert", "entitiesBulkUpsert", "unmapped_properties", "unmappedProperties").Replace(body)), want)
		}
	})
	t.Run("plan", func(t *testing.T) {
		t.Parallel()
		for plan, status := range map[string]int{"402": 402, "403": 403} {
			c, _ := set(t, rely.Switches{Plan: plan})
			c.want(status, "plan", "POST", "/api/v1/tasks", task(service("a")))
			c.want(200, "", "GET", "/api/v1/blueprints/service", nil)
		}
	})
}

func TestBlueprints(t *testing.T) {
	t.Parallel()
	_, c := start(t)
	put := "/api/v1/blueprints/bulk?user_editable=false"
	c.want(404, "Blueprint with id api not found", "GET", "/api/v1/blueprints/api", nil)
	c.want(200, `"id":"api"`, "PUT", put, `[{"id":"api","title":"API","relations":{"owner":{"value":"team","title":"Owner"}}}]`)
	c.want(200, `"owner"`, "POST", "/api/v1/blueprints/api/relations", `{"uses":{"value":"api","array":true,"title":"Uses","description":""}}`)
	c.want(200, `"uses"`, "PUT", put, `[{"id":"api","title":"API 2","relations":{}}]`) // relations stay
	c.want(404, "not found", "POST", "/api/v1/blueprints/none/relations", `{"uses":{"value":"api"}}`)
	c.want(400, "Blueprint with id none not found", "POST", "/api/v1/blueprints/api/relations", `{"more":{"value":"none"}}`)
	c.want(400, "Blueprint with id none not found", "PUT", put, `[{"id":"b","title":"B","relations":{"r":{"value":"none"}}}]`)
	c.want(422, `"loc":["body",0,"id"]`, "PUT", put, `[{"id":"B!","title":"B"}]`)
	c.want(422, `"loc":["body",0,"title"]`, "PUT", put, `[{"id":"b"}]`)
	c.want(422, "is no type", "PUT", put, `[{"id":"b","title":"B","schemaProperties":{"properties":{"p":{"type":"text"}}}}]`)
	c.want(422, "list_type", "PUT", put, `{"id":"b"}`)
	c.want(200, `"repo-link"`, "GET", "/api/v1/blueprints/service", nil)
}
