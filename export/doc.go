// Package export sends the software catalog to other systems: the engine of runs, plans, chunks and the ledger of what
// each destination has. What speaks to one destination is a Destination; each is a package inside this one.
package export
