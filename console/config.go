package console

import "github.com/understudy-portal/understudy/host/config"

// Config is the section understudy.console of app-config.yaml.
type Config struct {
	// Enabled serves the console and its routes. The default is true.
	Enabled *bool `config:"enabled"`
}

// LoadConfig reads the section. An unknown key is an error, because the section is ours.
func LoadConfig(c *config.Config) (Config, error) {
	var cfg Config
	if !c.Has(configPath) {
		return cfg, nil
	}
	if err := c.Decode(configPath, &cfg, config.Strict); err != nil {
		return Config{}, err
	}
	return cfg, nil
}

const configPath = "understudy.console"

// on reports whether the console is to be served.
func (c Config) on() bool { return c.Enabled == nil || *c.Enabled }
