//go:build noconsole

package console

import "io/fs"

// builtFiles returns nil: this binary carries no console.
func builtFiles() (fs.FS, error) { return nil, nil }
