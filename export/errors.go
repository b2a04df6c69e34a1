package export

import "errors"

// ErrSkipped is what a Mapper returns for an entity that the mapping leaves out.
var ErrSkipped = errors.New("the mapping skips it")
