// Package yamlcore reads YAML as a Backstage backend does: YAML 1.2 with the core schema, and nothing of what Go's
// YAML libraries add to it.
//
// So "yes" and 2001-01-01 are strings, 0777 is the number 777, 0o777 is octal, 1_000 is a string, "<<" is an ordinary
// key that merges nothing, and a repeated key is an error (core.md 1.2, catalog.md 7.6). Both the configuration and
// the catalog's descriptor files are read by it.
//
// Known differences from Node's parser: a "%YAML 1.1" directive does not bring back the rules of 1.1, "!!binary" leaves
// the text as it is, "!!float 5" is a number, and after a mistake the rest of the text is not read.
//
// Parse yields syntax trees, so that callers which must tell where a value came from can walk them; Value turns a tree
// into the values of package entity. Documents are untrusted: depth and the growth by aliases are limited.
package yamlcore
