package main

import "syscall"

// dieWithParent stops the server even when this program is killed.
func dieWithParent(attributes *syscall.SysProcAttr) { attributes.Pdeathsig = syscall.SIGQUIT }
