package index

import (
	"bytes"
	"hash/maphash"
	"slices"
)

// gone stands for a document that the merged segment does not have.
const gone = 0xFFFF

// merging combines the living documents of several segments into a new one. All parts are in order, so it reads each
// of them once, front to back.
type merging struct {
	from  []view
	to    [][]uint16 // for each source, the new number of each of its documents, or gone
	w     *writer
	docs  []uint16
	terms [][]term // for each source, the terms of the current key that are still to come
	heads []value  // for each source, the value of its next term
	least []int    // the sources whose heads are the least, all equal
}

// merge returns one view of the living documents of all, with the columns that any of them had.
func merge(seed maphash.Seed, from []view) view {
	m := &merging{from: from, terms: make([][]term, len(from)), heads: make([]value, len(from))}
	total := 0
	for _, v := range from {
		total += v.count
	}
	m.w = newWriter(seed, total)
	m.mergeDocs()
	m.mergeKeys()
	s := m.w.done()
	for _, v := range from {
		v.seg.columns.Range(func(key, _ any) bool {
			s.renew(key.(columnKey))
			return true
		})
	}
	return newView(s)
}

func (m *merging) mergeDocs() {
	next := make([]int, len(m.from))
	m.to = make([][]uint16, len(m.from))
	for i, v := range m.from {
		m.to[i] = make([]uint16, v.seg.len())
	}
	number := uint16(0)
	for {
		least := -1
		for i, v := range m.from {
			for next[i] < v.seg.len() && !v.live.ContainsInt(next[i]) {
				m.to[i][next[i]] = gone
				next[i]++
			}
			if next[i] < v.seg.len() && (least < 0 || v.seg.uid(uint16(next[i])) < m.from[least].seg.uid(uint16(next[least]))) {
				least = i
			}
		}
		if least < 0 {
			break
		}
		m.w.doc(m.from[least].seg.doc(uint16(next[least])))
		m.to[least][next[least]] = number
		number++
		next[least]++
	}
	m.w.docsDone()
}

func (m *merging) mergeKeys() {
	next := make([]int, len(m.from))
	for {
		key, found := "", false
		for i, v := range m.from {
			if next[i] < v.seg.keyCount() && (!found || v.seg.keyText(next[i]) < key) {
				key, found = v.seg.keyText(next[i]), true
			}
		}
		if !found {
			return
		}
		var sources []int
		for i, v := range m.from {
			if next[i] < v.seg.keyCount() && v.seg.keyText(next[i]) == key {
				sources = append(sources, i)
			}
		}
		m.mergeTerms(sources, next)
		m.docs = m.docs[:0]
		for _, i := range sources {
			m.take(i, m.from[i].seg.exists[next[i]])
			next[i]++
		}
		m.order(len(sources))
		if len(m.docs) > 0 {
			m.w.key(key, m.docs)
		}
	}
}

// mergeTerms merges the terms of the key that each source has at its place.
func (m *merging) mergeTerms(sources, at []int) {
	for _, i := range sources {
		m.terms[i] = m.from[i].seg.keyTerms(at[i])
		m.head(i)
	}
	for {
		m.least = m.least[:0]
		for _, i := range sources {
			if len(m.terms[i]) == 0 {
				continue
			}
			c := -1
			if len(m.least) > 0 {
				c = m.compare(i, m.least[0])
			}
			if c < 0 {
				m.least = m.least[:0]
			}
			if c <= 0 {
				m.least = append(m.least, i)
			}
		}
		if len(m.least) == 0 {
			return
		}
		m.mergeTerm()
	}
}

// mergeTerm writes the term that the least heads have in common, and goes on to the next ones.
func (m *merging) mergeTerm() {
	text, t := m.heads[m.least[0]], m.terms[m.least[0]][0]
	m.docs = m.docs[:0]
	for _, i := range m.least {
		m.take(i, m.terms[i][0].posting)
		m.terms[i] = m.terms[i][1:]
		m.head(i)
	}
	m.order(len(m.least))
	if len(m.docs) == 0 {
		return
	}
	place := -1
	if len(m.least) == 1 && t.size&inBody != 0 {
		place = int(t.text)
	}
	m.w.term(text, m.docs, place)
}

func (m *merging) head(i int) {
	if len(m.terms[i]) > 0 {
		m.heads[i] = m.from[i].seg.value(&m.terms[i][0])
	}
}

func (m *merging) compare(i, j int) int {
	if c := m.heads[i].compare(m.heads[j]); c != 0 {
		return c
	}
	return bytes.Compare(m.heads[i].original, m.heads[j].original)
}

// take appends the living documents of a posting of source i, under their new numbers.
func (m *merging) take(i int, p posting) {
	to := m.to[i]
	if p.count == 1 {
		if doc := to[p.at]; doc != gone {
			m.docs = append(m.docs, doc)
		}
		return
	}
	for doc := range m.from[i].seg.docs(p) {
		if doc := to[doc]; doc != gone {
			m.docs = append(m.docs, doc)
		}
	}
}

// order sorts the documents taken from several sources; those of one are in order already.
func (m *merging) order(parts int) {
	if parts > 1 && !slices.IsSorted(m.docs) {
		slices.Sort(m.docs)
	}
}
