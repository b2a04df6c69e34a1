package database

import (
	"crypto/tls"
	"crypto/x509"
	"maps"
	"strconv"

	"github.com/understudy-portal/understudy/host/config"
)

// server reads a PostgreSQL connection: a string, or an object as Node's driver takes it. Own tells that it belongs to
// one plugin. An object is laid over what s holds; a string replaces it, since what it leaves out it leaves to the
// environment.
func (l *loader) server(path string, own bool, s *Server) {
	if _, isText := l.c.Value(path).(string); isText {
		l.url(path, own, s)
		return
	}
	if _, err := l.c.Sub(path); err != nil {
		l.problems = append(l.problems, config.AsProblems(err)...)
		return
	}
	for _, key := range []string{"connectionString", "host", "port", "user", "database"} {
		l.leftOut(path + "." + key)
	}
	if kind := ""; l.text(path+".type", &kind) && kind != "default" {
		l.fail(path+".type", "sign in with a user and password, or a client certificate in ssl",
			"tokens of %s are not supported", kind)
	}
	if l.c.Has(path + ".connectionString") {
		l.url(path+".connectionString", own, s)
	}
	l.text(path+".host", &s.Host)
	l.count(path+".port", 1, 65535, &s.Port)
	l.text(path+".user", &s.User)
	l.secret(path+".password", &s.Password)
	if l.text(path+".database", &s.Database) {
		s.Own = own
	}
	l.millis(path+".connectionTimeoutMillis", &s.Timeout)
	l.parameters(path, s)
	if l.c.Has(path + ".ssl") {
		s.TLS = l.tls(path + ".ssl")
	}
}

// parameters reads those of the driver's keys that are settings of a session.
func (l *loader) parameters(path string, s *Server) {
	given := make(map[string]string)
	for _, name := range []string{"application_name", "options"} {
		if value := ""; l.text(path+"."+name, &value) {
			given[name] = value
		}
	}
	for _, name := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		// Milliseconds, as PostgreSQL itself takes a number without a unit.
		if _, isNumber := l.c.Value(path + "." + name).(float64); isNumber {
			var ms int
			if l.count(path+"."+name, 0, 1<<31-1, &ms) {
				given[name] = strconv.Itoa(ms)
			}
		} else if value := ""; l.text(path+"."+name, &value) {
			given[name] = value
		}
	}
	// The base's map is shared by all plugins.
	merged := make(map[string]string, len(s.Parameters)+len(given))
	maps.Copy(merged, s.Parameters)
	maps.Copy(merged, given)
	s.Parameters = merged
}

// url reads a connection string. Nothing of it is ever repeated in an error, because a string that cannot be parsed
// cannot be relied on to show which part of it is the password.
func (l *loader) url(path string, own bool, s *Server) {
	var text config.Secret
	if !l.secret(path, &text) {
		return
	}
	s.URL, s.Own = text, own && namesDatabase(text.Reveal())
	s.Host, s.Port, s.User, s.Password, s.Database, s.TLS = "", 0, "", config.Secret{}, "", nil
}

// tls reads `ssl`: a boolean, or the options of Node's TLS sockets.
func (l *loader) tls(path string) *TLS {
	var on bool
	switch l.c.Value(path).(type) {
	case bool, string, float64:
		if !l.flag(path, &on) {
			return nil
		}
		return &TLS{Off: !on, Config: &tls.Config{MinVersion: tls.VersionTLS12}}
	}
	if _, err := l.c.Sub(path); err != nil {
		l.problems = append(l.problems, config.AsProblems(err)...)
		return nil
	}
	out, verify := &tls.Config{MinVersion: tls.VersionTLS12}, true
	if l.flag(path+".rejectUnauthorized", &verify) {
		// The operator said so, in the words of Node's driver.
		out.InsecureSkipVerify = !verify
	}
	l.text(path+".servername", &out.ServerName)
	l.authorities(path+".ca", out)
	l.certificate(path, out)
	return &TLS{Config: out}
}

// authorities reads one PEM text or several.
func (l *loader) authorities(path string, out *tls.Config) {
	var texts []string
	var err error
	if _, isList := l.c.Value(path).([]any); isList {
		texts, _, err = l.c.OptionalStrings(path)
		l.problems = append(l.problems, config.AsProblems(err)...)
	} else if text := ""; l.text(path, &text) {
		texts = []string{text}
	}
	for _, text := range texts {
		if out.RootCAs == nil {
			out.RootCAs = x509.NewCertPool()
		}
		if !out.RootCAs.AppendCertsFromPEM([]byte(text)) {
			l.fail(path, "give the PEM text itself, or read it with $file", "holds no certificate")
		}
	}
}

// certificate reads the client's own.
func (l *loader) certificate(path string, out *tls.Config) {
	var chain string
	var key config.Secret
	hasChain, hasKey := l.text(path+".cert", &chain), l.secret(path+".key", &key)
	switch {
	case hasChain && hasKey:
		pair, err := tls.X509KeyPair([]byte(chain), []byte(key.Reveal()))
		if err != nil {
			l.fail(path+".cert", "give the PEM texts of a certificate and of its key without a passphrase",
				"certificate and key do not make a pair")
			return
		}
		out.Certificates = []tls.Certificate{pair}
	case hasChain:
		l.fail(path+".key", "", "missing beside cert")
	case hasKey:
		l.fail(path+".cert", "", "missing beside key")
	}
}
