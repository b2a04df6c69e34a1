package main

import (
	"fmt"
	"runtime"
)

type versionCommand struct{}

// Run prints the version of the binary and of what built it.
func (versionCommand) Run(std streams) error {
	_, err := fmt.Fprintf(std.out, "understudy %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
