//go:build unix

package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/understudy-portal/understudy/sim/rely"
	"github.com/understudy-portal/understudy/sim/spacelift"
)

// setup is what one plugin needs beside the server.
type setup struct {
	// id is the plugin's id, and page its page in the console.
	id, page string
	// sim are the arguments of the simulator, and source the folder of its sources.
	sim    []string
	source string
	// section is the plugin's part of the configuration.
	section string
}

// The addresses of the simulators. The one of Rely must not end in 1, which Rely's own client would cut off.
const (
	spaceliftAddress = "localhost:8410"
	relyAddress      = "localhost:8420"
)

func setups(data string) map[string]setup {
	return map[string]setup{
		"spacelift": {
			id: "spacelift-io", page: "/console/spacelift", source: "sim/spacelift",
			sim: []string{"sim", "spacelift", "--listen", spaceliftAddress, "--speed", "5", "--ambient", "2"},
			section: fmt.Sprintf("spacelift: {hostUrl: %[1]s, apiUrl: 'http://%[1]s', webUrl: 'http://%[1]s', apiKey: %[2]s, apiSecret: %[3]s}\n",
				spaceliftAddress, spacelift.AdminKey, spacelift.Secret),
		},
		"rely": {
			id: "rely", page: "/console/exports", source: "sim/rely",
			sim: []string{"sim", "rely", "--listen", relyAddress, "--speed", "5", "--state", filepath.Join(data, "rely-simulator.json")},
			section: fmt.Sprintf("proxy: {endpoints: {'/rely': {target: 'http://%s', headers: {Authorization: Bearer %s}}}}\nrely: {}\n",
				relyAddress, rely.Token),
		},
	}
}

// configuration is that of the server: the plugin on a sample catalog, and whoever opens the page may sign in as a guest.
func configuration(s setup, root, data, listen string) string {
	return fmt.Sprintf(`# Written by make dev; the next start writes it anew.
app: {title: %[1]s, baseUrl: 'http://%[2]s'}
backend: {baseUrl: 'http://%[2]s', listen: '%[2]s'}
auth: {providers: {guest: {userEntityRef: user:default/guest, dangerouslyAllowOutsideDevelopment: true}}}
catalog:
  rules: [{allow: [Component, API, Resource, System, Domain, Group, User, Location, Template]}]
  locations: [{type: file, target: %[3]q}]
understudy: {dataDir: %[4]q, metrics: {listen: 'localhost:0'}}
%[5]s`, s.id, listen, filepath.Join(root, "examples/acme/catalog-info.yaml"), filepath.Join(data, "store"), s.section)
}

// of tells whether one of the files belongs to the simulator.
func (s setup) of(files []string) bool {
	for _, f := range files {
		if strings.HasPrefix(filepath.ToSlash(f), s.source+"/") {
			return true
		}
	}
	return false
}
