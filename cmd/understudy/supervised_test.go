package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// TestSupervised starts the server as another program does: it learns the port, and ends the server by ending.
func TestSupervised(t *testing.T) {
	file := filepath.Join(t.TempDir(), "app-config.yaml")
	config := fmt.Sprintf("backend: {baseUrl: 'http://localhost:7007', listen: '127.0.0.1:0'}\n"+
		"understudy: {dataDir: %q, metrics: {listen: '127.0.0.1:0'}}\n", t.TempDir())
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	alive, parent := io.Pipe()
	line, told := io.Pipe()
	code := make(chan int, 1)
	go func() {
		code <- run(t.Context(), []string{"serve", "--supervised", "--config", file}, streams{in: alive, out: told, err: t.Output()})
		_ = told.Close()
	}()
	var first struct{ Port int }
	if err := json.NewDecoder(line).Decode(&first); err != nil || first.Port == 0 {
		t.Fatalf("%+v, %v", first, err)
	}
	_ = parent.Close()
	if got := <-code; got != exitGood {
		t.Errorf("exit code %d", got)
	}
}
