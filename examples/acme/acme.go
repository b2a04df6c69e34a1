// Package acme holds the catalog of Acme Parcel, a company that does not exist: ninety entities of all kinds in three
// namespaces, laid out in files as a real company's would be. `understudy demo` serves it.
package acme

import (
	"embed"
	"io/fs"
)

//go:embed catalog-info.yaml org domains platform data
var embedded embed.FS

// Files is the catalog; its root is catalog-info.yaml.
var Files fs.FS = embedded
