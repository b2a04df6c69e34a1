// Package config reads Backstage's app-config.yaml and hands each part of the program the section that is its own.
//
// # From files to values
//
//	--config files, or app-config.yaml, app-config.<env>.yaml, app-config.local.yaml, app-config.<env>.local.yaml
//	   │   each: YAML 1.2 core (entity/yamlcore), then $env $file $include ${VAR}, one file at a time
//	   ▼
//	one tree of nodes a source  ──┐
//	APP_CONFIG_* variables ───────┴─► merge: mappings deeply, everything else replaced, null hides (core.md 1.5)
//	                                     │   every node keeps the file, line and column that it came from
//	                                     ▼
//	                          Config: String, Number, Sub, … as Backstage's ConfigReader answers (core.md 1.6),
//	                                  Decode into a package's own struct, Print for `config print`, Secrets for redaction
//
// Load and Parse return all mistakes at once, as Problems; a Problem is one line,
// "file:line: key.path: what is wrong; what to do about it".
//
// # What is fatal, and what waits
//
// A file that is missing or is no YAML, and a malformed APP_CONFIG_* variable, fail Load. Everything that concerns one
// value waits until somebody wants that value, because one file often configures two processes (a Node backend and this
// one) and each lacks what only the other needs:
//
//   - A ${VAR} that is not set drops its key, as upstream does, and warns. Whoever requires the key is told why it is missing.
//   - A $file or $include that cannot be read, a cycle of includes, an include with adjacent keys: upstream refuses to
//     start. Here the value is marked unreadable. Reading it, or decoding a section that contains it, fails with the
//     reason; Problems(declared...) reports it as an error where a hosted package declared the path, and as a warning
//     elsewhere.
//
// A value that is unreadable never falls back to a source of lower priority: a password that was meant to come from a
// file must not quietly become the default one.
//
// # Strictness
//
// In our own sections (understudy, spacelift, rely, export) an unknown key is an error: Decode with Strict says so when
// the owner reads the section, and UnknownKeys for the rest. In upstream's sections it is a warning with a guess. Other
// top-level sections belong to plugins that we do not know and are left alone, unless they look like a slip of the pen.
//
// # Secrets
//
// Values of keys that are known to be secret by name or place, passwords inside connection strings and URLs, everything
// that came through $file, and the variables that went into any of these, are shown as *** by Lines and Print and are
// listed by Secrets, for the log's redaction (core.md 1.9). A struct field of type Secret adds its value when decoded.
//
// # What it does not do
//
// Remote configuration (a URL as --config) is refused. Files are read once; there is no watching. Visibility and the
// frontend's share of the configuration (core.md 1.9) are not decided here.
package config
