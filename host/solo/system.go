package solo

import (
	"context"
	"time"

	"github.com/understudy-portal/understudy/host"
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/schedule"
)

// system describes the program to the plugin: there is nothing but the plugin.
type system struct{ a *assembly }

// Title is the product's name.
func (system) Title() string { return "Understudy" }

// Demo is false.
func (system) Demo() bool { return false }

// SignInProviders are none: the server around the plugin signs people in.
func (system) SignInProviders() []string { return nil }

// Elsewhere returns where browsers reach the plugins that discovery.endpoints names.
func (s system) Elsewhere(id string) (base string, ok bool) {
	if id == s.a.plugin.ID() || !s.a.discovery.Elsewhere(id) {
		return "", false
	}
	return s.a.discovery.ExternalURL(id), true
}

// Version is that of the environment.
func (s system) Version() string {
	if s.a.env.Version == "" {
		return "development"
	}
	return s.a.env.Version
}

// Plugins is the plugin alone.
func (s system) Plugins(ctx context.Context) []host.PluginStatus {
	status := host.PluginStatus{ID: s.a.plugin.ID(), Hosted: true}
	if checker, ok := s.a.plugin.(host.HealthChecker); ok {
		status.Err = checker.Health(ctx)
	}
	return []host.PluginStatus{status}
}

// Tasks are those of the plugin.
func (s system) Tasks(ctx context.Context) ([]schedule.Status, error) {
	if made := s.a.tasks.made(); made != nil {
		return made.Tasks(ctx)
	}
	return nil, nil
}

// ConfigLines is the configuration, its secrets masked.
func (s system) ConfigLines() []config.Line { return s.a.env.Config.Lines() }

// SelfCheck asks the plugin.
func (s system) SelfCheck(ctx context.Context, _ config.Secret) host.Checkup {
	c := host.Checkup{At: time.Now()}
	if checker, ok := s.a.plugin.(host.SelfChecker); ok {
		c.Steps = checker.SelfCheck(ctx)
	}
	return c
}

// LastCheck is none: nothing is kept.
func (system) LastCheck() (host.Checkup, bool) { return host.Checkup{}, false }

var _ host.System = system{}
