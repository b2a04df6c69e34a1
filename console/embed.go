//go:build !noconsole

package console

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// builtFiles returns the built console.
func builtFiles() (fs.FS, error) { return fs.Sub(dist, "dist") }
