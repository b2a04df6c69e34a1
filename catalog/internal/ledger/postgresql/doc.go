// Package postgresql keeps the catalog's ledger in PostgreSQL, for one or many replicas.
//
// A writing transaction first takes one advisory lock, so that writers of all replicas follow one another; claims do
// not take it, they skip rows that are locked. Statements take whole sets as arrays. LISTEN and NOTIFY hasten other
// replicas; poolers may break them, and then polling alone carries the change log.
package postgresql
