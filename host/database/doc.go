// Package database gives each plugin one handle to its own store, on SQLite or PostgreSQL, as `backend.database` of a
// Backstage configuration says (core.md 14.1).
//
//	backend.database ─ Load ─> Options ─ New ─> Service ─ Plugin(id) ─> Database ─ Migrate(component, files)
//
// What is ours never lies beside what is Node's: on SQLite the file is <directory>/understudy-<id>.sqlite, on
// PostgreSQL the schema is understudy_<id> in the database that Backstage's rules choose. Node's tables and its
// migration bookkeeping are never touched, so that both backends may be pointed at the same server.
//
// The two engines are not hidden behind one interface: a store is written twice, in the SQL of each, and one suite
// holds both (databasetest). What is shared is everything around the SQL: reading the configuration, connecting with
// a deadline and errors that name the fix, migrating under a lock that holds across processes, transactions, metrics.
//
// SQLite runs in WAL mode with one writing connection, whose transactions take the write lock when they begin, and a
// pool of reading ones; a reader never waits for the writer. PostgreSQL is a pgx pool.
//
// Several components may keep tables in one plugin's store (the plugin itself, its task scheduler, its signing keys).
// Each has its own migrations and its own version, told apart by the component's name.
package database
