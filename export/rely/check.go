package rely

import "context"

// Probe asks, without writing anything, whether the key is good and which of Modes will be used. It makes two requests at
// most, and none in the mode raw, whose only known path takes entities (export.md 1.3). The error is a *export.Failure, or
// the cause of the context's end.
func (d *Destination) Probe(ctx context.Context) (mode string, err error) {
	if d.opts.Mode == Raw {
		return Raw, nil
	}
	return d.probe(ctx)
}
