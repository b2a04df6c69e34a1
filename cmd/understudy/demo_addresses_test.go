package main

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-portal/understudy/sim/rely"
)

func TestListenAgain(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	first, err := listenAgain(t.Context(), &said, "Rely", "", "127.0.0.1", rely.Listen)
	if err != nil || said.Len() > 0 {
		t.Fatalf("%v, %s", err, &said)
	}
	address := first.Addr().String()
	// Taken, the address of before gives way to another, and that is said.
	second, err := listenAgain(t.Context(), &said, "Rely", address, "127.0.0.1", rely.Listen)
	if err != nil {
		t.Fatal(err)
	}
	_ = second.Close()
	if second.Addr().String() == address || !strings.Contains(said.String(), "the simulator of Rely cannot be at "+address+" again (") {
		t.Errorf("%s: %s", second.Addr(), &said)
	}
	said.Reset()
	_ = first.Close()
	third, err := listenAgain(t.Context(), &said, "Rely", address, "127.0.0.1", rely.Listen)
	if err != nil {
		t.Fatal(err)
	}
	_ = third.Close()
	if third.Addr().String() != address || said.Len() > 0 {
		t.Errorf("%s, not %s: %s", third.Addr(), address, &said)
	}
	// What a hand has written there opens no port to others, nor one that Rely's simulator cannot have.
	for _, before := range []string{"0.0.0.0:40000", "127.0.0.1:40001", "nonsense"} {
		said.Reset()
		l, err := listenAgain(t.Context(), &said, "Rely", before, "127.0.0.1", rely.Listen)
		if err != nil {
			t.Fatal(err)
		}
		_ = l.Close()
		if l.Addr().String() == before || !l.Addr().(*net.TCPAddr).IP.IsLoopback() || said.Len() == 0 {
			t.Errorf("%s: %s, %s", before, l.Addr(), &said)
		}
	}
}

func TestAddressesAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if a, err := readAddresses(dir); err != nil || a != (addresses{}) {
		t.Errorf("none: %+v, %v", a, err)
	}
	want := addresses{Spacelift: "127.0.0.1:1", Rely: "127.0.0.1:2"}
	if err := want.write(dir); err != nil {
		t.Fatal(err)
	}
	if err := serverAt(dir, "http://localhost:7107"); err != nil {
		t.Fatal(err)
	}
	want.Server = "http://localhost:7107"
	if a, err := readAddresses(dir); err != nil || a != want {
		t.Errorf("%+v, %v", a, err)
	}
	if err := os.WriteFile(filepath.Join(dir, addressFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readAddresses(dir); err == nil || !strings.Contains(err.Error(), "remove "+filepath.Join(dir, addressFile)) {
		t.Error(err)
	}
}
