package console

import (
	"net/http"

	"github.com/understudy-portal/understudy/host/auth"
	"github.com/understudy-portal/understudy/host/fault"
	"github.com/understudy-portal/understudy/host/permission"
)

// The permissions that a service needs whose token is restricted. Users are not asked about: what the routes tell is for
// operators.
var (
	readSystem  = permission.Permission{Name: "understudy.system.read", Action: "read"}
	createCheck = permission.Permission{Name: "understudy.check.create", Action: "create"}
)

func permissions() []permission.Permission { return []permission.Permission{readSystem, createCheck} }

// privileged reports whether the caller may see what runs and how it is configured, or try it: service principals within the
// restrictions of their token, and everybody in the demo, whose configuration is no secret.
func (a *api) privileged(r *http.Request, p permission.Permission) (bool, error) {
	if a.system.Demo() {
		return true, nil
	}
	who := auth.FromContext(r.Context())
	if !who.IsService() {
		return false, nil
	}
	d, err := a.permissions.Authorize(r.Context(), who, p, "")
	return d.Allowed(), err
}

func (a *api) requirePrivilege(r *http.Request, p permission.Permission, what string) error {
	switch may, err := a.privileged(r, p); {
	case err != nil:
		return err
	case may:
		return nil
	case auth.FromContext(r.Context()).IsService():
		return fault.NotAllowed("This token's access restrictions leave out %s, which %s wants", p.Name, what)
	}
	return fault.NotAllowed("Only service principals may see %s; ask with a token of backend.auth.externalAccess, "+
		"or run understudy on the server", what)
}
