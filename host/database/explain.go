package database

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
)

// Error is a store that cannot be reached or used, in one line that names the fix. It never holds a password.
type Error struct {
	// Key is the configuration key to look at.
	Key string
	// Where names the store.
	Where string
	// Reason is what is wrong, Fix what to do about it; Fix may be empty.
	Reason, Fix string
	// Cause is the driver's error. It is for errors.As; its text may be long.
	Cause error
}

// Error returns "key: where: reason; fix".
func (e *Error) Error() string {
	text := e.Key + ": " + e.Where + ": " + e.Reason
	if e.Fix != "" {
		text += "; " + e.Fix
	}
	return strings.Join(strings.Fields(text), " ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Explain turns what a driver says about the store itself (it is full, locked, gone, not ours) into an *Error. Any
// other error, such as a violated constraint, comes back unchanged.
func (d *Database) Explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*Error](err); ok {
		return err
	}
	e := &Error{Key: d.key, Where: d.where, Cause: err}
	known := false
	if d.engine == PostgreSQL {
		known = e.postgreSQL(err)
	} else {
		known = e.sqlite(err) || e.file(err)
	}
	if !known {
		return err
	}
	return e
}

// opening is Explain for what happens while a store is opened: there any error is about the store.
func (d *Database) opening(err error) error {
	explained := d.Explain(err)
	if _, ok := errors.AsType[*Error](explained); ok {
		return explained
	}
	return &Error{Key: d.key, Where: d.where, Reason: err.Error(), Cause: err}
}

// SQLite's primary result codes (https://www.sqlite.org/rescode.html).
const (
	sqlitePerm       = 3
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteIO         = 10
	sqliteCorrupt    = 11
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteConstraint = 19
	sqliteNotADB     = 26
	// sqliteUnique and sqlitePrimaryKey are extended codes.
	sqlitePrimaryKey = sqliteConstraint | 6<<8
	sqliteUnique     = sqliteConstraint | 8<<8
)

func (e *Error) sqlite(err error) bool {
	failure, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return false
	}
	switch failure.Code() & 0xff {
	case sqliteBusy, sqliteLocked:
		e.Reason = "locked by another process"
		e.Fix = "stop the program that holds it, or choose another folder"
	case sqliteReadOnly, sqlitePerm:
		e.Reason, e.Fix = "cannot be written", "give the user that runs understudy the right to write it and its folder"
	case sqliteCantOpen:
		e.Reason = "cannot be opened"
		e.Fix = "give the user that runs understudy the right to write it and its folder"
	case sqliteFull:
		e.Reason, e.Fix = "the disk is full", "free some space"
	case sqliteIO:
		e.Reason, e.Fix = "the disk cannot be read or written: "+failure.Error(), "see the system's log"
	case sqliteCorrupt:
		e.Reason, e.Fix = "damaged", "restore it from a backup, or move it away to begin anew"
	case sqliteNotADB:
		e.Reason, e.Fix = "not a SQLite database", "move it away, or choose another folder"
	default:
		return false
	}
	return true
}

// file explains what the operating system says about a path.
func (e *Error) file(err error) bool {
	switch {
	case errors.Is(err, syscall.EROFS):
		e.Reason, e.Fix = "the file system is read-only", "choose another folder"
	case errors.Is(err, fs.ErrPermission):
		e.Reason = reason(err)
		e.Fix = "give the user that runs understudy the right to write the folder, or choose another"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		e.Reason, e.Fix = "the disk is full", "free some space"
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		e.Reason, e.Fix = reason(err), "choose a folder"
	default:
		failure, ok := errors.AsType[*fs.PathError](err)
		if !ok {
			return false
		}
		e.Reason, e.Fix = failure.Error(), "choose another folder"
	}
	return true
}

// reason is a path error without the call's name, which tells the user nothing.
func reason(err error) string {
	if failure, ok := errors.AsType[*fs.PathError](err); ok {
		return failure.Path + ": " + failure.Err.Error()
	}
	return err.Error()
}

func (e *Error) postgreSQL(err error) bool {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.server(failure)
	}
	_, connecting := errors.AsType[*pgconn.ConnectError](err)
	if !connecting {
		return false
	}
	_, lookup := errors.AsType[*net.DNSError](err)
	switch {
	case lookup:
		e.Reason, e.Fix = "its host name cannot be resolved", "correct the host"
	case untrusted(err):
		e.Reason = "its certificate is not trusted: " + leaf(err).Error()
		e.Fix = "put the certificate of its authority into ssl.ca"
	case strings.Contains(err.Error(), "server refused TLS"):
		e.Reason, e.Fix = "it does not offer TLS", "configure TLS on the server, or remove ssl"
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Reason, e.Fix = "connection refused", "start the server, or correct host and port"
	case errors.Is(err, os.ErrNotExist):
		e.Reason, e.Fix = "there is no such socket", "start the server, or correct the host"
	case timedOut(err):
		e.Reason, e.Fix = "no answer in time", "check that the server runs and that a firewall lets connections through"
	default:
		e.Reason, e.Fix = leaf(err).Error(), "check that the server runs, and host and port"
	}
	return true
}

// server explains what PostgreSQL itself answers, by its error codes
// (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func (e *Error) server(failure *pgconn.PgError) bool {
	switch failure.Code {
	case "28P01":
		e.Fix = "correct user and password"
	case "28000":
		e.Fix = "correct the user, or let it in by the server's pg_hba.conf; a server may insist on ssl"
	case "3D000":
		e.Fix = "create the database, or set ensureExists: true"
	case "3F000":
		e.Fix = "create the schema, or set ensureSchemaExists: true"
	case "42501":
		e.Fix = "grant the user that right; it must be able to create schemas in the database, and to create the database " +
			"where that is missing"
	case "53300":
		e.Fix = "raise the server's max_connections, or lower knexConfig.pool.max"
	case "53100":
		e.Fix = "free some space on the server's disk"
	case "57P03", "57P01", "57P02":
		e.Fix = "wait until the server is up"
	case "25006":
		e.Fix = "name the primary server, not a replica"
	case "22023":
		if !strings.HasPrefix(failure.Message, "role ") {
			return false
		}
		e.Fix = "correct role"
	default:
		return false
	}
	e.Reason = failure.Message
	return true
}

func untrusted(err error) bool {
	_, verification := errors.AsType[*tls.CertificateVerificationError](err)
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return verification || authority || name
}

func timedOut(err error) bool {
	failure, ok := errors.AsType[net.Error](err)
	return ok && failure.Timeout() || errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err)
}

// leaf is the innermost error, the first of several: the outer ones repeat the address.
func leaf(err error) error {
	for {
		switch inner := err.(type) { //nolint:errorlint // walking the chain by hand is the point
		case interface{ Unwrap() []error }:
			if len(inner.Unwrap()) == 0 {
				return err
			}
			err = inner.Unwrap()[0]
		case interface{ Unwrap() error }:
			if inner.Unwrap() == nil {
				return err
			}
			err = inner.Unwrap()
		default:
			return err
		}
	}
}

// IsUniqueViolation reports that a row with the same key is there already.
func IsUniqueViolation(err error) bool {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code == "23505"
	}
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failure.Code() == sqliteUnique || failure.Code() == sqlitePrimaryKey)
}

// IsBusy reports that another transaction was in the way for too long: trying again may help.
func IsBusy(err error) bool {
	if failure, ok := errors.AsType[*pgconn.PgError](err); ok {
		return failure.Code == "40001" || failure.Code == "40P01" || failure.Code == "55P03"
	}
	failure, ok := errors.AsType[*sqlite.Error](err)
	return ok && (failure.Code()&0xff == sqliteBusy || failure.Code()&0xff == sqliteLocked)
}

// describe names a server for people.
func describe(cfg *pgx.ConnConfig, schema string) string {
	address := net.JoinHostPort(cfg.Host, fmt.Sprint(cfg.Port))
	if strings.HasPrefix(cfg.Host, "/") {
		address = cfg.Host
	}
	text := fmt.Sprintf("PostgreSQL at %s, database %s, user %s", address, cfg.Database, cfg.User)
	if schema != "" {
		text += ", schema " + schema
	}
	return text
}
