//go:build !race

package rely_test

const raced = false
