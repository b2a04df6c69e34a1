package catalog

// CheckNames gives tests the check of names without a server.
func CheckNames(p *Plugin) error { return p.checkNames() }
