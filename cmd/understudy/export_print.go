package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// printJSON writes an answer as it came, indented.
func printJSON(w io.Writer, text []byte) error {
	var out bytes.Buffer
	if err := json.Indent(&out, bytes.TrimSpace(text), "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, out.String())
	return err
}

// table aligns rows of a name and a value; rows without a value are left out.
func table(w io.Writer, rows [][2]string) error {
	tab := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		if row[1] != "" {
			_, _ = fmt.Fprintf(tab, "%s\t%s\n", row[0], row[1])
		}
	}
	return tab.Flush()
}

// counted is a number where there is one to tell.
func counted(n int) string {
	if n == 0 {
		return ""
	}
	return grouped(n)
}

// printPlan tells what a run would send.
func printPlan(w io.Writer, run exportRun) error {
	c := run.Counts
	_, _ = fmt.Fprintf(w, "plan %s for %s: nothing was written\n", run.ID, run.Destination)
	err := table(w, [][2]string{
		{"  create", grouped(c.Create)},
		{"  update", grouped(c.Update)},
		{"  unchanged", grouped(c.Unchanged)},
		{"  left out by filters", counted(c.Filtered)},
		{"  left out by the mapping", counted(c.Skipped)},
		{"  cannot be mapped", counted(c.Unmappable)},
		{"  gone since (not deleted)", counted(c.DeleteCandidates)},
		{"  to send", fmt.Sprintf("%s in %s", size(c.Bytes), plural(c.Chunks, "chunk"))},
	})
	if err != nil {
		return err
	}
	return printWarnings(w, run.Warnings)
}

// printOutcome tells what became of a run.
func printOutcome(w io.Writer, run exportRun, failed []exportItem) error {
	c := run.Counts
	took := ""
	if run.EndedAt != nil {
		took = " in " + short(run.EndedAt.Sub(run.StartedAt))
	}
	_, _ = fmt.Fprintf(w, "run %s: %s%s\n", run.ID, strings.ReplaceAll(run.Status, "_", " "), took)
	rate := ""
	if run.Rate > 0 && c.Sent > 0 {
		rate = fmt.Sprintf(" (%s/s)", grouped(int(run.Rate+0.5)))
	}
	err := table(w, [][2]string{
		{"  sent", grouped(c.Sent) + rate},
		{"  unchanged", grouped(c.Unchanged)},
		{"  failed", counted(c.Failed)},
		{"  not sent", counted(c.Pending)},
		{"  left out", counted(c.Filtered + c.Skipped)},
		{"  requests", fmt.Sprintf("%s, %s (%s on the wire)", grouped(c.Requests), size(c.Bytes), size(c.WireBytes))},
	})
	if err != nil {
		return err
	}
	for _, item := range failed {
		_, _ = fmt.Fprintf(w, "  %s: %s\n", oneLine(item.EntityRef), oneLine(strings.TrimSpace(item.Code+" "+item.Message)))
	}
	if more := c.Failed - len(failed); more > 0 && len(failed) > 0 {
		_, _ = fmt.Fprintf(w, "  … and %s more\n", grouped(more))
	}
	return printWarnings(w, run.Warnings)
}

func printWarnings(w io.Writer, warnings []string) (err error) {
	for _, warning := range warnings {
		_, err = fmt.Fprintf(w, "  warning: %s\n", oneLine(warning))
	}
	return err
}

// printStatus tells what is known of a destination.
func printStatus(w io.Writer, s exportStatus, now time.Time) error {
	token := strings.ReplaceAll(s.Token.State, "_", " ")
	if s.Token.CheckedAt != nil {
		token += ", " + ago(*s.Token.CheckedAt, now)
	}
	if s.Token.Message != "" {
		token += ": " + oneLine(s.Token.Message)
	}
	next := "off"
	if s.Schedule.Enabled {
		next = strings.TrimSpace(s.Schedule.Cron + " " + s.Schedule.Timezone)
		if s.Schedule.Next != nil {
			next = fmt.Sprintf("%s (%s)", s.Schedule.Next.Local().Format(time.DateTime), next)
		}
	}
	rows := [][2]string{
		{"destination", fmt.Sprintf("%s, %s", s.Destination, s.Target)},
		{"mode", mode(s)},
		{"token", token},
		{"next run", next},
		{"running", runSummary(s.Running, now)},
		{"last run", runSummary(s.Last, now)},
		{"runs", grouped(s.Runs)},
	}
	if s.Last == nil && s.Running == nil {
		rows[5][1] = "none yet"
	}
	if l := s.Ledger; l != nil {
		text := plural(l.Sent, "entity", "entities")
		if l.Failed > 0 {
			text += fmt.Sprintf(", %s failed", grouped(l.Failed))
		}
		if l.LagSeconds > 0 {
			text += ", oldest change not sent is " + short(time.Duration(l.LagSeconds*float64(time.Second))) + " old"
		}
		rows = append(rows, [2]string{"sent so far", text})
	}
	if l := s.Limits; l != nil {
		rate := "any number of requests"
		if l.RatePerMinute > 0 {
			rate = plural(l.RatePerMinute, "request")
		}
		text := fmt.Sprintf("%d entities and %s a request, %d at once, %s a minute", l.MaxEntities, size(int64(l.MaxBytes)), l.Concurrency, rate)
		if l.LearnedBytes > 0 {
			text += fmt.Sprintf("; learned: %s a request", size(int64(l.LearnedBytes)))
		}
		rows = append(rows, [2]string{"limits", text})
	}
	return table(w, rows)
}

func mode(s exportStatus) string {
	if s.Gzip {
		return s.Mode + ", gzip"
	}
	return s.Mode
}

// runSummary is a run on one line.
func runSummary(run *exportRun, now time.Time) string {
	if run == nil {
		return ""
	}
	if !run.ended() {
		done, total := run.done()
		return fmt.Sprintf("%s, since %s, %s", run.ID, ago(run.StartedAt, now), progressLine(*run, done, total))
	}
	text := fmt.Sprintf("%s, %s", run.ID, strings.ReplaceAll(run.Status, "_", " "))
	if run.DryRun {
		text += " (dry run)"
	}
	if run.EndedAt != nil {
		text += ", " + ago(*run.EndedAt, now)
	}
	text += fmt.Sprintf(", %s sent", grouped(run.Counts.Sent))
	if run.Counts.Failed > 0 {
		text += fmt.Sprintf(", %s failed", grouped(run.Counts.Failed))
	}
	if run.Error != "" {
		text += ": " + oneLine(run.Error)
	}
	return text
}

// grouped writes a number with commas.
func grouped(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// plural is a number with its noun.
func plural(n int, noun string, many ...string) string {
	if n == 1 {
		return "1 " + noun
	}
	if len(many) > 0 {
		return grouped(n) + " " + many[0]
	}
	return grouped(n) + " " + noun + "s"
}

// size writes a number of bytes.
func size(n int64) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	default:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	}
}

// short rounds a time to what people want to know.
func short(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

// ago tells how long ago something was.
func ago(at, now time.Time) string {
	d := now.Sub(at)
	if d < time.Second {
		return "just now"
	}
	return short(d.Truncate(time.Second)) + " ago"
}
