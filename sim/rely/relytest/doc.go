// Package relytest starts Rely's simulator for a test.
package relytest
