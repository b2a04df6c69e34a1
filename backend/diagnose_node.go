package backend

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-portal/understudy/host"
)

// nodeConfig is what the other backend tells browsers of its configuration, in the page that it serves (core.md 12.2).
type nodeConfig struct {
	step host.Step
	// layers are the merged documents, later ones win; nil where none could be read.
	layers []map[string]any
}

// value is what the page says at a path.
func (n nodeConfig) value(path string) (any, bool) {
	for _, layer := range slices.Backward(n.layers) {
		var at any = layer
		found := true
		for key := range strings.SplitSeq(path, ".") {
			m, ok := at.(map[string]any)
			if !ok {
				found = false
				break
			}
			if at, found = m[key]; !found {
				break
			}
		}
		if found {
			return at, true
		}
	}
	return nil, false
}

func (n nodeConfig) known() bool { return n.layers != nil }

var configScript = regexp.MustCompile(`(?is)<script\s[^>]*type="backstage\.io/config"[^>]*>(.*?)</script>`)

// readNode reads the page of the backend that the catalog, or auth, lives in.
func (d *diagnosis) readNode(ctx context.Context) nodeConfig {
	what := about{"node.config", "what Backstage tells browsers of its configuration"}
	p := d.peers["catalog"]
	if p == nil {
		p = d.peers["auth"]
	}
	switch {
	case p == nil:
		return nodeConfig{} // alone: nobody to agree with
	case !p.reached:
		return nodeConfig{step: what.waits(p.step("reach"))}
	}
	address := rootOf(p.base) + "/"
	r, err := d.get(ctx, address, "", "Accept", "text/html")
	if err != nil {
		return nodeConfig{step: what.skipped("%s: %s", address, err)}
	}
	tags := configScript.FindAllSubmatch(r.body, -1)
	if r.status != http.StatusOK || len(tags) == 0 {
		return nodeConfig{step: what.skipped("%s serves no Backstage page (status %d): its frontend is elsewhere, so that its settings cannot be compared", address, r.status)}
	}
	n := nodeConfig{layers: []map[string]any{{}}}
	for _, tag := range tags {
		var documents []struct{ Data map[string]any }
		if err := json.Unmarshal(tag[1], &documents); err != nil {
			return nodeConfig{step: what.skipped("%s: the page's configuration cannot be read", address)}
		}
		for _, doc := range documents {
			n.layers = append(n.layers, doc.Data)
		}
	}
	n.step = what.passed("read from the page at %s", address)
	return n
}

// sameSettings compares the settings that must be equal on both sides.
func (d *diagnosis) sameSettings() []host.Step {
	if len(d.peers) == 0 {
		return nil
	}
	steps := []host.Step{d.samePermission()}
	for _, h := range d.s.hosted {
		shared, ok := h.plugin.(host.SharedSettings)
		if !ok {
			continue
		}
		for _, setting := range shared.SharedSettings(d.s.cfg) {
			steps = append(steps, d.same(setting))
		}
	}
	return steps
}

func (d *diagnosis) samePermission() host.Step {
	what := about{"same.permission.enabled", "permission.enabled is equal on both sides"}
	if !d.node.known() {
		return what.waits("node.config")
	}
	ours, _, err := d.s.cfg.OptionalBool("permission.enabled")
	if err != nil {
		return what.failed("write true or false", "%s", err)
	}
	theirs, _ := d.node.value("permission.enabled")
	if on, _ := theirs.(bool); on != ours {
		if ours {
			return what.failed("set permission.enabled: false here, or install permissions in Backstage", "here it is true, in Backstage it is not: every call would ask a plugin that may not be there")
		}
		return what.failed("set permission.enabled: true here as well", "in Backstage it is true, here it is not: this server allows users what Backstage's policy may forbid")
	}
	return what.passed("both say %t", ours)
}

func (d *diagnosis) same(s host.SharedSetting) host.Step {
	what := about{"same." + s.Path, s.Path + " is equal on both sides"}
	if !d.node.known() {
		return what.waits("node.config")
	}
	theirs, told := d.node.value(s.Path)
	section, _, _ := strings.Cut(s.Path, ".")
	switch {
	case !told && s.Optional:
		theirs = nil
		if _, any := d.node.value(section); !any {
			return what.skipped("Backstage's page is told nothing of %s: the frontend plugin is not in it, or the block is missing there (examples/joined/backstage.yaml)", section)
		}
	case !told:
		return what.skipped("Backstage's page is not told %s: the frontend plugin is not in it, or the key is missing there (examples/joined/backstage.yaml)", s.Path)
	}
	if !s.Same(theirs) {
		return what.failed("write the same in both configurations", "here it is %s, in Backstage %s", s.Ours, shown(theirs))
	}
	return what.passed("both say %s", s.Ours)
}

func shown(v any) string {
	if v == nil {
		return "nothing"
	}
	return oneLine(fmt.Sprint(v))
}
