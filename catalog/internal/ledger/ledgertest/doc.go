// Package ledgertest is the suite that every store of the ledger passes.
package ledgertest
