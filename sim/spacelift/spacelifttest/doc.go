// Package spacelifttest starts the Spacelift simulator in a test.
package spacelifttest
