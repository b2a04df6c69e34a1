package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/understudy-portal/understudy/backend"
	"github.com/understudy-portal/understudy/host/config"
)

// tokenVariable may hold the token of `export`.
const tokenVariable = "UNDERSTUDY_TOKEN"

// apiToken is what a server is asked with, and where it was found, for messages. No value means none was found: the
// server may do without.
type apiToken struct {
	value  config.Secret
	source string
	demo   string // the demo's data folder, where it is the demo's
}

// findToken takes --token-file, the variable, or the file of the data directory, in this order.
func findToken(file string, std streams, cfg *config.Config) (apiToken, error) {
	environ := std.environ
	if file == "-" {
		return tokenFrom(std.in, "standard input")
	}
	if file != "" {
		token, err := readToken(file)
		if err != nil {
			return apiToken{}, fmt.Errorf("--token-file: %w", err)
		}
		return token, nil
	}
	if value := strings.TrimSpace(lookup(environ, tokenVariable)); value != "" {
		return checkToken(value, "$"+tokenVariable)
	}
	return keptToken(environ, cfg)
}

// keptToken is that of the file `token` in the data directory of the configuration, or, without one, of the demo.
func keptToken(environ []string, cfg *config.Config) (apiToken, error) {
	var dir, demo string
	var err error
	if cfg != nil {
		dir, err = backend.DataDir(cfg)
	} else {
		dir, err = demoCommand{}.dataDir(environ)
		demo = dir
	}
	if err != nil {
		return apiToken{}, err
	}
	file := filepath.Join(dir, "token")
	token, err := readToken(file)
	if errors.Is(err, fs.ErrNotExist) {
		if cfg == nil {
			return apiToken{}, nil // nothing shows that the demo is meant
		}
		return apiToken{source: file}, nil
	}
	token.demo = demo
	return token, err
}

// maxToken is how long a token may be.
const maxToken = 16 << 10

// readToken reads a file that nobody else can read.
func readToken(path string) (apiToken, error) {
	f, err := os.Open(path)
	if err != nil {
		return apiToken{}, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return apiToken{}, err
	}
	if info.IsDir() {
		return apiToken{}, fmt.Errorf("%s is a folder; name the file in it", path)
	}
	// A pipe, such as bash's <(…), is nobody's to open but its reader's.
	if runtime.GOOS != "windows" && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return apiToken{}, fmt.Errorf("%s can be read by others (mode %04o), and holds a token; run: chmod 600 %s", path, info.Mode().Perm(), shellQuote(path))
	}
	return tokenFrom(f, path)
}

// tokenFrom reads a token to the reader's end.
func tokenFrom(r io.Reader, source string) (apiToken, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxToken+1))
	if err != nil {
		return apiToken{}, fmt.Errorf("read the token from %s: %w", source, err)
	}
	return checkToken(strings.TrimSpace(string(text)), source)
}

func checkToken(value, source string) (apiToken, error) {
	if value == "" {
		return apiToken{}, fmt.Errorf("%s is empty; write the token into it", source)
	}
	if len(value) > maxToken || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return apiToken{}, fmt.Errorf("%s does not hold a token: one line of printable characters is expected", source)
	}
	return apiToken{value: config.NewSecret(value), source: source}, nil
}

// shellQuote makes a path safe to paste.
func shellQuote(path string) string {
	if !strings.ContainsFunc(path, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("/._-", r)
	}) {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// loopbackHost tells whether a host is this machine.
func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
