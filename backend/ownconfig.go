package backend

import (
	"github.com/understudy-portal/understudy/host/config"
	"github.com/understudy-portal/understudy/host/database"
)

// DataDir is where a server of this configuration keeps its data.
func DataDir(c *config.Config) (string, error) { return dataDir(c) }

func dataDir(c *config.Config) (string, error) { return database.DataDir(c) }
