package ledger

import (
	"encoding/binary"

	"github.com/understudy-portal/understudy/entity"
)

// encodeRelations writes what an entity emitted as length-prefixed strings: type, target, and the source, which is empty
// for the entity itself. Large groups emit thousands, and JSON would cost several times the room and the time.
func encodeRelations(origin string, all []entity.Relation) []byte {
	var out []byte
	for _, r := range all {
		source := r.Source
		if source == origin {
			source = ""
		}
		out = appendText(appendText(appendText(out, r.Type), r.Target), source)
	}
	return out
}

func appendText(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// decodeRelations reads what encodeRelations wrote. What cannot be read is left out.
func decodeRelations(origin string, data []byte) []entity.Relation {
	var all []entity.Relation
	for len(data) > 0 {
		var fields [3]string
		for i := range fields {
			n, width := binary.Uvarint(data)
			if width <= 0 || uint64(len(data)-width) < n {
				return all
			}
			fields[i] = string(data[width : width+int(n)])
			data = data[width+int(n):]
		}
		r := entity.Relation{Type: fields[0], Target: fields[1], Source: fields[2]}
		if r.Source == "" {
			r.Source = origin
		}
		all = append(all, r)
	}
	return all
}
