package database

import "github.com/understudy-portal/understudy/host/config"

// defaultDataDir is where the stores lie unless understudy.dataDir or backend.database says otherwise. It is relative to
// the working directory, so that two servers do not share it by accident.
const defaultDataDir = "understudy-data"

// DataDir is where a server of this configuration keeps its data.
func DataDir(c *config.Config) (string, error) {
	dir, ok, err := c.OptionalString("understudy.dataDir")
	if err != nil || !ok {
		return defaultDataDir, err
	}
	return dir, nil
}
