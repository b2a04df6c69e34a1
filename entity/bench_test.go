package entity_test

import (
	"testing"

	"github.com/understudy-portal/understudy/entity"
)

// typical is a final entity of middling size.
const typical = `{"metadata":{"namespace":"default","annotations":{"backstage.io/managed-by-location":"url:https://github.com/acme/payments/blob/main/catalog-info.yaml","backstage.io/managed-by-origin-location":"url:https://github.com/acme/catalog/blob/main/all.yaml","backstage.io/view-url":"https://github.com/acme/payments/blob/main/catalog-info.yaml","backstage.io/edit-url":"https://github.com/acme/payments/edit/main/catalog-info.yaml","backstage.io/source-location":"url:https://github.com/acme/payments/tree/main/","github.com/project-slug":"acme/payments","backstage.io/techdocs-ref":"dir:."},"name":"payments-api","title":"Payments API","description":"Takes payments from customers & pays merchants.","labels":{"example.com/tier":"1","app.kubernetes.io/name":"payments"},"tags":["go","rest","tier-1"],"links":[{"url":"https://admin.acme.example.com","title":"Admin","icon":"dashboard","type":"admin-dashboard"},{"url":"https://wiki.acme.example.com/svc"}],"uid":"641163f8-7cb5-4c2c-8d35-ab76e1a3b1a2","etag":"ebc1a4ad3d1ba9d5e7c1d5dbbcb2c7d51c9f8a33"},"apiVersion":"backstage.io/v1alpha1","kind":"Component","spec":{"type":"service","lifecycle":"production","owner":"team-payments","system":"billing","providesApis":["payments-api"],"consumesApis":["prod/ledger-api","fraud-api"],"dependsOn":["component:default/worker","resource:default/db-main","resource:default/queue"]},"relations":[{"type":"consumesApi","targetRef":"api:default/fraud-api"},{"type":"consumesApi","targetRef":"api:prod/ledger-api"},{"type":"dependsOn","targetRef":"component:default/worker"},{"type":"dependsOn","targetRef":"resource:default/db-main"},{"type":"dependsOn","targetRef":"resource:default/queue"},{"type":"ownedBy","targetRef":"group:default/team-payments"},{"type":"partOf","targetRef":"system:default/billing"},{"type":"providesApi","targetRef":"api:default/payments-api"}]}`

func BenchmarkParseJSON(b *testing.B) {
	data := []byte(typical)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := entity.ParseJSON(data); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	o := mustParse(b, typical)
	buf := make([]byte, 0, 4096)
	b.SetBytes(int64(len(typical)))
	b.ReportAllocs()
	for b.Loop() {
		buf = entity.AppendJSON(buf[:0], o)
	}
}

func BenchmarkStableJSON(b *testing.B) {
	o := mustParse(b, typical)
	b.ReportAllocs()
	for b.Loop() {
		entity.StableJSON(o)
	}
}

func BenchmarkSearchRows(b *testing.B) {
	e := entity.FromObject(mustParse(b, typical))
	b.ReportAllocs()
	for b.Loop() {
		entity.SearchRows(e)
	}
}

func BenchmarkPolicy(b *testing.B) {
	e := entity.FromObject(mustParse(b, typical))
	e.Delete("relations")
	b.ReportAllocs()
	for b.Loop() {
		if err := entity.Policy(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkValidateKind(b *testing.B) {
	e := entity.FromObject(mustParse(b, typical))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := entity.ValidateKind(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRelations(b *testing.B) {
	e := entity.FromObject(mustParse(b, typical))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := entity.Relations(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkProjection(b *testing.B) {
	p, err := entity.ParseProjection([]string{"kind,metadata.namespace,metadata.name,metadata.annotations.backstage.io/techdocs-ref"})
	if err != nil {
		b.Fatal(err)
	}
	o := mustParse(b, typical)
	b.ReportAllocs()
	for b.Loop() {
		p.Apply(o)
	}
}
