package config

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
	panic("unfinished")
}

// Parse reads one in-memory source as if it were a file of that name, against the given variables only: for tests and
// built-in configurations. Included files are looked up beside name. APP_CONFIG_* variables are not a source here.
func Parse(name string, data []byte, environ []string) (*Config, error) {
	panic("unfinished")
}

func newShared() *shared { return &shared{secrets: make(map[string]bool)} }
