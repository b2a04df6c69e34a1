package auth

import "context"

// Actor names the caller in audit events: the user, or the service.
func Actor(ctx context.Context) string {
	who := FromContext(ctx)
	if who.UserRef != "" {
		return who.UserRef
	}
	return who.Subject
}
