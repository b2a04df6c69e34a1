package rely

import (
	"fmt"

	"github.com/understudy-portal/understudy/entity"
	"github.com/understudy-portal/understudy/host/config"
)

// existsName is how the symbol for existence is called, which YAML cannot say (export.md 1.3).
const existsName = "CATALOG_FILTER_EXISTS"

// filter reads rely.entityFilters and rely.query; nil selects everything.
func (l *loader) filter() (entity.Predicate, any) {
	const path = "rely.entityFilters"
	var parts []entity.Predicate
	value := l.c.Value(path)
	if value != nil {
		l.checkFilters(path)
		sets, err := entity.ParseFilterQuery(value)
		if err == nil {
			var p entity.Predicate
			if p, err = entity.ParseFilter(sets); err == nil && p != nil {
				parts = append(parts, p)
			}
		}
		if err != nil && !l.failed(path) {
			l.wrong(path, "write a list of records, such as {kind: [component, api]}", "%s", err)
		}
	}
	query := l.c.Value("rely.query")
	if query != nil {
		p, err := entity.ParsePredicate(query)
		if err != nil {
			l.wrong("rely.query", "", "%s", err)
		} else if p != nil {
			parts = append(parts, p)
		}
	}
	return all(parts), described(value, query)
}

func all(parts []entity.Predicate) entity.Predicate {
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	default:
		return entity.All{Of: parts}
	}
}

// described is the filter for people, as it was configured.
func described(filters, query any) any {
	switch {
	case query == nil:
		return filters
	case filters == nil:
		return query
	}
	o := entity.NewObject()
	o.Set("entityFilters", filters)
	o.Set("query", query)
	return o
}

// checkFilters warns of what the official client skips in silence: values that are no texts.
func (l *loader) checkFilters(path string) {
	records := l.c.Elements(path)
	if records == nil {
		records = []*config.Config{l.c.Section("rely", "entityFilters")}
	}
	for _, record := range records {
		kept := 0
		keys := record.Keys("")
		for _, key := range keys {
			field := record.Section(key)
			values := field.Elements("")
			if values == nil {
				values = []*config.Config{field}
			}
			for _, v := range values {
				kept += l.checkValue(v)
			}
		}
		if kept == 0 && len(keys) > 0 {
			l.warn(record, "", "a filter without conditions selects nothing by itself", "nothing is left of this record, so it is skipped")
		}
	}
}

// checkValue counts a value that takes part.
func (l *loader) checkValue(v *config.Config) int {
	switch value := v.Value("").(type) {
	case string:
		if value == existsName {
			l.warn(v, "", "to ask whether a key exists, use rely.query: {<key>: {$exists: true}}", "%q is taken as a plain text", value)
		}
		return 1
	default:
		l.warn(v, "", "put it in quotes if it is meant as a text; conditions go into rely.query", "%s is no text, and is skipped as Backstage does", brief(value))
		return 0
	}
}

func brief(v any) string {
	switch v.(type) {
	case *entity.Object:
		return "an object"
	case []any:
		return "a list"
	case nil:
		return "null"
	default:
		return fmt.Sprint(v)
	}
}
