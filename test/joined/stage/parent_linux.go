package stage

import "syscall"

// dieWithParent ends the process even when this program is killed.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGKILL }
