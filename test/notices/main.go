// Command notices writes THIRD_PARTY_NOTICES: the licences of all modules that the binary is linked from, as found in
// their own folders. (google/go-licenses, the obvious library, guesses licences' names, which we do not need, and stops
// at packages of the standard library that it does not know.)
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "notices:", err)
		os.Exit(1)
	}
}

type module struct{ path, version, dir string }

func write(w io.Writer) error {
	modules, err := linked()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("Understudy contains the following software by others, each under the licence that follows its name.\nWhat the console is built from is in console/dist/licenses.md, and its fonts in console/dist/font-licenses.txt.\n")
	for _, m := range modules {
		texts, err := licences(m.dir)
		if err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
		fmt.Fprintf(&b, "\n%s\n%s %s\n%s\n\n", strings.Repeat("=", 100), m.path, m.version, strings.Repeat("=", 100))
		b.WriteString(strings.Join(texts, "\n\n") + "\n")
	}
	_, err = w.Write(b.Bytes())
	return err
}

// linked lists the modules of the packages that the binary imports, on the platforms that it is released for.
func linked() ([]module, error) {
	found := map[string]module{"Go standard library": {"Go standard library", strings.TrimPrefix(runtime.Version(), "go"), runtime.GOROOT()}} //nolint:staticcheck // the toolchain that runs this is the one that builds the binary
	for _, platform := range []string{"linux", "darwin", "windows"} {
		cmd := exec.Command("go", "list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", "./cmd/understudy")
		cmd.Env = append(os.Environ(), "GOOS="+platform, "GOARCH=amd64", "CGO_ENABLED=0")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(string(out)) {
			if f := strings.Split(strings.TrimSpace(line), "\t"); len(f) == 3 {
				found[f[0]] = module{f[0], f[1], f[2]}
			}
		}
	}
	var list []module
	for _, m := range found {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.path, b.path) })
	return list, nil
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice|patents)([-.].*)?$`)

// licences reads the licence files at the top of a module.
func licences(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, e := range entries {
		if e.IsDir() || !licenceFile.MatchString(e.Name()) || strings.HasSuffix(e.Name(), ".go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	if len(texts) == 0 {
		return nil, errors.New("no licence file at its top")
	}
	return texts, nil
}
