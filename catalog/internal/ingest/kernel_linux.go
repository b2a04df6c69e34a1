package ingest

import (
	"os"
	"syscall"
)

// The file systems whose files are the kernel's answers, although they look like regular ones (statfs(2)).
const (
	procMagic = 0x9fa0
	sysMagic  = 0x62656572
)

// ofKernel reports whether a file is one of /proc or /sys: those tell about this process, such as its environment.
func ofKernel(f *os.File) bool {
	var s syscall.Statfs_t
	if err := syscall.Fstatfs(int(f.Fd()), &s); err != nil {
		return false
	}
	return s.Type == procMagic || s.Type == sysMagic
}
