// Package state says what Spacelift's states of stacks and runs mean to us. Every list of them here is open: a state that
// we do not know is kept as it is.
package state
