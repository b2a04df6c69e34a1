package entity

// Projection is the list of fields to which answers are cut down (catalog.md 4.3). A nil Projection leaves them whole.
type Projection struct{ fields []string }

// ParseProjection reads the fields parameters, each a list separated by commas. It returns nil when they hold no field.
// The error is a *SyntaxError.
func ParseProjection(fields []string) (*Projection, error) { return nil, nil }

// Apply returns the fields of v. The result shares its values with v, which must not be changed afterwards.
func (p *Projection) Apply(v *Object) *Object { return v }
