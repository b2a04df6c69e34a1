package client

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// cause says in few words why a connection failed, empty if that is not known. All words are ours, so that nothing that
// the other side, or a proxy's address, holds gets into them.
func cause(err error) string {
	text := causeOf(err)
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "proxyconnect" {
		if text == "" {
			return "at the proxy"
		}
		return "at the proxy: " + text
	}
	return text
}

func causeOf(err error) string {
	if text := tlsCause(err); text != "" {
		return text
	}
	if lookup, ok := errors.AsType[*net.DNSError](err); ok {
		switch {
		case lookup.IsNotFound:
			return "no such host"
		case lookup.IsTimeout:
			return "the name service did not answer"
		default:
			return "the name service failed"
		}
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok && !number.Timeout() {
		return number.Error()
	}
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() {
		return "timeout"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it was closed before the answer had come"
	}
	return ""
}

func tlsCause(err error) string {
	_, isUnknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, isHost := errors.AsType[x509.HostnameError](err)
	invalid, isInvalid := errors.AsType[x509.CertificateInvalidError](err)
	_, isVerification := errors.AsType[*tls.CertificateVerificationError](err)
	_, isRecord := errors.AsType[tls.RecordHeaderError](err)
	alert, isAlert := errors.AsType[tls.AlertError](err)
	switch {
	case errors.Is(err, http.ErrSchemeMismatch), isRecord:
		return "TLS: the server does not speak it; is the address one of http?"
	case isUnknown:
		return "TLS: the certificate is of an authority that is not known here"
	case isHost:
		return "TLS: the certificate is for another host"
	case isInvalid && invalid.Reason == x509.Expired:
		return "TLS: the certificate has expired, or is not valid yet"
	case isInvalid, isVerification:
		return "TLS: the certificate is not valid"
	case isAlert:
		return alert.Error()
	default:
		return ""
	}
}
