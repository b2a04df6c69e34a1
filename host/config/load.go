package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Options say where the configuration is.
type Options struct {
	// Files are the --config flags in their order; a later one wins. Giving any suppresses the default files.
	Files []string
	// Dir is where the default files are looked up; "" is the working directory.
	Dir string
	// Environ are the variables as "NAME=value"; nil is the process's environment.
	Environ []string
}

// Load reads the sources of core.md 1.1. The error is a Problems with all mistakes.
func Load(opts Options) (*Config, error) {
	if opts.Environ == nil {
		opts.Environ = os.Environ()
	}
	env := variables(opts.Environ)
	files, problems := opts.files(env)
	var sources []*node
	for _, file := range files {
		n, err := loadFile(file, env)
		problems = append(problems, AsProblems(err)...)
		if n != nil {
			sources = append(sources, n)
		}
	}
	n, err := fromVariables(opts.Environ)
	problems = append(problems, AsProblems(err)...)
	if n != nil {
		sources = append(sources, n)
	}
	if len(problems) > 0 {
		return nil, problems
	}
	return mergeSources(sources), nil
}

// Parse reads one in-memory source as if it were a file of that name, against the given variables only: for tests and
// built-in configurations. Included files are looked up beside name. APP_CONFIG_* variables are not a source here.
func Parse(name string, data []byte, environ []string) (*Config, error) {
	n, err := loadText(name, filepath.Dir(name), data, variables(environ))
	if err != nil {
		return nil, AsProblems(err)
	}
	if n == nil {
		return mergeSources(nil), nil
	}
	return mergeSources([]*node{n}), nil
}

// mergeSources lays later sources over earlier ones.
func mergeSources(sources []*node) *Config {
	var root *node
	for _, n := range sources {
		root = merge(n, root)
	}
	c := &Config{node: root, shared: newShared()}
	root.walk("", func(path string, n *node) {
		c.shared.problems = append(c.shared.problems, n.notes...)
		if n.unreadable != nil && !slices.Contains(c.shared.problems, *n.unreadable) {
			c.shared.problems = append(c.shared.problems, *n.unreadable)
		}
	})
	return c
}

func newShared() *shared { return &shared{secrets: make(map[string]bool)} }

// variables turns the environment into a map. Of a repeated name the last counts.
func variables(environ []string) map[string]string {
	env := make(map[string]string, len(environ))
	for _, line := range environ {
		if name, value, ok := strings.Cut(line, "="); ok {
			env[name] = value
		}
	}
	return env
}

// files lists the files to read, lowest priority first.
func (o Options) files(env map[string]string) ([]string, Problems) {
	if len(o.Files) > 0 {
		var problems Problems
		for _, file := range o.Files {
			if u, err := url.Parse(file); err == nil && u.Scheme != "" && u.Host != "" {
				problems = append(problems, Problem{
					Message: fmt.Sprintf("config argument %q is a URL: remote configuration is not supported", u.Redacted()),
					Hint:    "download it and pass the file",
				})
			}
		}
		if len(problems) > 0 {
			return nil, problems
		}
		return o.Files, nil
	}
	var envs []string
	for name := range strings.SplitSeq(env["BACKSTAGE_ENV"], ",") {
		if name = strings.TrimSpace(name); name != "" {
			envs = append(envs, name)
		}
	}
	files := []string{filepath.Join(o.Dir, "app-config.yaml")}
	add := func(name string) {
		if file := filepath.Join(o.Dir, name); exists(file) {
			files = append(files, file)
		}
	}
	for _, name := range envs {
		add("app-config." + name + ".yaml")
	}
	add("app-config.local.yaml")
	for _, name := range envs {
		add("app-config." + name + ".local.yaml")
	}
	return files, nil
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// loadFile reads one source; nil if it is empty.
func loadFile(file string, env map[string]string) (*node, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return nil, Problem{Origin: Origin{File: file}, Message: cause(err)}
	}
	data, err := readFile(path, maxSource)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, Problem{Message: fmt.Sprintf("Config file %q does not exist", path), Hint: "name one with --config FILE, or start where app-config.yaml is"}
	}
	if err != nil {
		return nil, Problem{Origin: Origin{File: file}, Message: "cannot be read: " + cause(err)}
	}
	return loadText(file, filepath.Dir(path), data, env)
}

func loadText(file, dir string, data []byte, env map[string]string) (*node, error) {
	n, err := parse(file, filepath.Base(file), data)
	if err != nil || n == nil || n.kind == null {
		return nil, err
	}
	t := &transformer{env: env}
	n = t.apply(n, place{file: file, dir: dir, chain: []string{filepath.Join(dir, filepath.Base(file)) + "#"}})
	if t.nodes > maxNodes {
		return nil, Problem{Origin: Origin{File: file}, Message: fmt.Sprintf("aliases and includes expand to more than %d values", maxNodes)}
	}
	if err := n.readable(); err != nil {
		return nil, err
	}
	if n.kind != mapping {
		return nil, Problem{Origin: n.origin, Message: "expected object at config root"}
	}
	return n, nil
}

// cause is the reason of a file error without the path, which the message names as the user wrote it.
func cause(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}
