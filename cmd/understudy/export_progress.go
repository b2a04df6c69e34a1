package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/schollz/progressbar/v3"
)

// lineEvery is the time between two lines of progress where no bar can be drawn.
const lineEvery = 5 * time.Second

// exportProgress shows how a run goes on: as a bar on a terminal, as lines elsewhere.
type exportProgress struct {
	w     io.Writer
	quiet bool
	bar   *progressbar.ProgressBar // nil where it cannot be drawn
	phase string
	last  time.Time
}

func newExportProgress(w io.Writer, quiet bool) *exportProgress {
	p := &exportProgress{w: w, quiet: quiet}
	if f, ok := w.(*os.File); ok && !quiet && os.Getenv("TERM") != "dumb" && isatty.IsTerminal(f.Fd()) {
		p.bar = progressbar.NewOptions(-1,
			progressbar.OptionSetWriter(w), progressbar.OptionSetWidth(24), progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false), progressbar.OptionSetRenderBlankState(true),
			progressbar.OptionSetTheme(progressbar.Theme{Saucer: "█", SaucerPadding: "░", BarStart: "", BarEnd: ""}),
		)
	}
	return p
}

// show is called with each look at the run.
func (p *exportProgress) show(run exportRun, now time.Time) {
	if p.quiet {
		return
	}
	done, total := run.done()
	if p.bar != nil {
		p.draw(run, done, total)
		return
	}
	if run.Phase == p.phase && now.Sub(p.last) < lineEvery {
		return
	}
	p.phase, p.last = run.Phase, now
	_, _ = fmt.Fprintln(p.w, progressLine(run, done, total))
}

func (p *exportProgress) draw(run exportRun, done, total int) {
	if total > 0 && run.Phase == "write" {
		if p.bar.GetMax() != total {
			p.bar.ChangeMax(total)
		}
		// A full bar is a finished one, which draws no more; the run's end comes from the server.
		_ = p.bar.Set(min(done, total-1))
	} else {
		_ = p.bar.Add(0)
	}
	p.bar.Describe(progressLine(run, done, total))
}

// note tells something beside the progress.
func (p *exportProgress) note(text string) {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
	_, _ = fmt.Fprintf(p.w, "understudy: %s\n", text)
}

// close takes the bar away.
func (p *exportProgress) close() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}

// done is how far the writing is.
func (r exportRun) done() (done, total int) {
	c := r.Counts
	done = c.Sent + c.Failed
	return done, max(c.Create+c.Update, done+c.Pending)
}

// progressLine is one line on a run that is under way.
func progressLine(run exportRun, done, total int) string {
	line := run.Status
	switch run.Phase {
	case "":
	case "prepare":
		line = "prepare: looking at the destination"
	case "plan":
		line = "plan: reading the catalog"
		if run.Counts.Read > 0 {
			line = fmt.Sprintf("plan: %s read", grouped(run.Counts.Read))
		}
	case "write":
		line = fmt.Sprintf("write: %s of %s", grouped(done), grouped(total))
	default:
		line = run.Phase
	}
	if run.Rate > 0 {
		line += fmt.Sprintf(", %s/s", grouped(int(run.Rate+0.5)))
	}
	if run.ETASeconds > 0 {
		line += ", " + short(time.Duration(run.ETASeconds*float64(time.Second))) + " left"
	}
	if run.Counts.Failed > 0 {
		line += fmt.Sprintf(", %s failed", grouped(run.Counts.Failed))
	}
	if run.Note != "" {
		line += "; " + oneLine(run.Note)
	}
	if run.WaitingUntil != nil {
		form := time.TimeOnly
		if time.Until(*run.WaitingUntil) > 12*time.Hour {
			form = time.DateTime
		}
		line += ", the destination asked to wait until " + run.WaitingUntil.Local().Format(form)
	}
	return line
}
