// Package schedule runs a plugin's recurring tasks (core.md 9).
package schedule
