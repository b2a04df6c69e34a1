package gateway

import "github.com/understudy-portal/understudy/host/config"

// Config is the section understudy.gateway of app-config.yaml.
type Config struct {
	// Enabled turns the gateway on. The default is false.
	Enabled bool `config:"enabled"`
}

const configPath = "understudy.gateway"

// LoadConfig reads the section. An unknown key is an error, because the section is ours.
func LoadConfig(c *config.Config) (Config, error) {
	var cfg Config
	if !c.Has(configPath) {
		return cfg, nil
	}
	if err := c.Decode(configPath, &cfg, config.Strict); err != nil {
		return Config{}, err
	}
	if cfg.Enabled && !c.Has("discovery.endpoints") {
		w := c.Errorf(configPath+".enabled", "name the other backends in discovery.endpoints", "has no effect, because no plugin lives elsewhere")
		w.Warning = true
		return cfg, w
	}
	return cfg, nil
}
