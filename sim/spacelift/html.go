package spacelift

import (
	"html/template"
	"net/http"
	"strconv"
)

// The pages that links lead to (spacelift.md 5.5). They are open to everybody and show little.
var page = template.Must(template.New("page").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{.Title}} · Spacelift simulator</title>
<style>body{font:16px/1.5 system-ui;margin:3rem auto;max-width:44rem;padding:0 1rem}td,th{text-align:left;padding:.2rem 1rem .2rem 0}</style></head>
<body><p>Spacelift simulator</p><h1>{{.Title}}</h1><p>{{.Text}}</p>
<table><tr><th>{{.Of}}<th>State<th>Since</tr>
{{range .Rows}}<tr><td>{{if .Link}}<a href="{{.Link}}">{{.Name}}</a>{{else}}{{.Name}}{{end}}<td>{{.State}}<td>{{.Since}}</tr>
{{end}}</table></body></html>
`))

type pageData struct {
	Title, Text, Of string
	Rows            []pageRow
}

type pageRow struct{ Name, Link, State, Since string }

func (s *Server) stackPage(w http.ResponseWriter, r *http.Request) {
	unlock := s.world.lock()
	st := s.world.stackBy[r.PathValue("stack")]
	if st == nil {
		unlock()
		http.NotFound(w, r)
		return
	}
	data := pageData{Title: st.name, Text: st.description, Of: "Run"}
	runs := s.world.runs(st)
	for i := len(runs) - 1; i >= max(0, len(runs)-runsPage); i-- {
		data.Rows = append(data.Rows, pageRow{
			Name: runs[i].kind + " " + runs[i].title, Link: "/stack/" + st.id + "/run/" + runs[i].id, State: runs[i].state,
			Since: runs[i].updated().UTC().Format("2006-01-02 15:04:05"),
		})
	}
	unlock()
	render(w, data)
}

func (s *Server) runPage(w http.ResponseWriter, r *http.Request) {
	unlock := s.world.lock()
	var found *run
	if st := s.world.stackBy[r.PathValue("stack")]; st != nil {
		found = s.world.run(st, r.PathValue("run"))
	}
	if found == nil {
		unlock()
		http.NotFound(w, r)
		return
	}
	data := pageData{Title: found.title, Text: found.stack.name + " · " + found.kind + " " + found.id, Of: "Version"}
	for i, step := range found.history {
		data.Rows = append(data.Rows, pageRow{
			Name: strconv.Itoa(i + 1), State: step.state,
			Since: step.at.UTC().Format("2006-01-02 15:04:05"),
		})
	}
	unlock()
	render(w, data)
}

func render(w http.ResponseWriter, data pageData) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = page.Execute(w, data)
}
