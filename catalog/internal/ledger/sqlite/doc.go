// Package sqlite keeps the catalog's ledger in a SQLite file. One process owns the file, so claims are held in memory:
// an entity in flight costs no write, and after a crash it is due at once.
package sqlite
