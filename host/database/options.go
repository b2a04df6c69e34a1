package database

import "github.com/understudy-portal/understudy/host/config"

// Options say where the stores are. Load reads them from the configuration.
type Options struct{}

// Load reads backend.database (core.md 14.1). Without that section the stores are SQLite files under dataDir.
func Load(c *config.Config, dataDir string) (Options, error) { panic("unfinished") }
