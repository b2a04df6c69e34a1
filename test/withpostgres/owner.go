//go:build unix

package main

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// owner is who runs the server, which refuses to run as root.
type owner struct {
	name string
	// credential is nil where we are that user ourselves.
	credential *syscall.Credential
}

// findOwner chooses ourselves, or for root an unprivileged account of the machine.
func findOwner() (*owner, error) {
	if os.Geteuid() != 0 {
		return &owner{name: "the current user"}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(uidErr, gidErr); err != nil {
			return nil, fmt.Errorf("account %s: %w", name, err)
		}
		return &owner{name: name, credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return nil, errors.New("PostgreSQL does not run as root, and this machine has neither an account postgres nor nobody; " +
		"run as another user")
}

func (o *owner) own(paths ...string) error {
	if o.credential == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(o.credential.Uid), int(o.credential.Gid)); err != nil {
			return err
		}
	}
	return nil
}

func (o *owner) attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: o.credential}
}
