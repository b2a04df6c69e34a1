// Package golden runs what was recorded from the Node backend (the JSON files beside it, see README.md) against
// Understudy, on both databases.
package golden
