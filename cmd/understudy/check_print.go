package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/understudy-portal/understudy/host"
)

// outcomeWords are the outcomes as people read them.
var outcomeWords = map[host.Outcome]string{
	host.StepPassed: "ok", host.StepWarning: "warning", host.StepFailed: "FAILED", host.StepSkipped: "skipped",
}

// printCheck prints one line a step, and its fix beneath.
func printCheck(w io.Writer, found host.Checkup, how string) error {
	var b strings.Builder
	width := 0
	for _, s := range found.Steps {
		width = max(width, utf8.RuneCountInString(s.ID))
	}
	for _, s := range found.Steps {
		line := s.Title
		if s.Detail != "" {
			line += ": " + s.Detail
		}
		fmt.Fprintf(&b, "%-7s  %-*s  %s\n", outcomeWords[s.Outcome], width, s.ID, line)
		if s.Fix != "" {
			fmt.Fprintf(&b, "%-7s  %-*s  fix: %s\n", "", width, "", s.Fix)
		}
	}
	n := countSteps(found.Steps)
	fmt.Fprintf(&b, "\n%d ok, %s, %d failed, %d skipped in %s", n[host.StepPassed], warnings(n[host.StepWarning]), n[host.StepFailed], n[host.StepSkipped],
		found.Took.Round(100*time.Millisecond))
	if how != "" {
		b.WriteString("; " + how)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func warnings(n int) string {
	if n == 1 {
		return "1 warning"
	}
	return fmt.Sprintf("%d warnings", n)
}

func countSteps(steps []host.Step) map[host.Outcome]int {
	n := map[host.Outcome]int{}
	for _, s := range steps {
		n[s.Outcome]++
	}
	return n
}

// checkDocument is the answer of the server's route (console/openapi.yaml, Check), and what --json prints.
type checkDocument struct {
	CheckedAt  time.Time   `json:"checkedAt"`
	TookMillis int64       `json:"tookMillis"`
	Passed     int         `json:"passed"`
	Warnings   int         `json:"warnings"`
	Failed     int         `json:"failed"`
	Skipped    int         `json:"skipped"`
	Steps      []host.Step `json:"steps"`
}

func printCheckJSON(w io.Writer, found host.Checkup) error {
	n := countSteps(found.Steps)
	doc := checkDocument{
		CheckedAt: found.At.UTC().Truncate(time.Millisecond), TookMillis: found.Took.Milliseconds(), Steps: found.Steps,
		Passed: n[host.StepPassed], Warnings: n[host.StepWarning], Failed: n[host.StepFailed], Skipped: n[host.StepSkipped],
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(doc)
}
