// Package house holds the rules of the repository itself as tests: who imports whom, which versions are pinned, what
// no file may contain.
package house
