//go:build !linux

package ingest

import "os"

// ofKernel is for Linux: elsewhere there is no /proc, or none that lies in files.
func ofKernel(*os.File) bool { return false }
