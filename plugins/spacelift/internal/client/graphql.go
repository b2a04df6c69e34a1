package client

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

// envelope is the body of every GraphQL answer.
type envelope struct {
	Data   map[string]json.RawMessage `json:"data"`
	Errors []struct {
		Message string `json:"message"`
	} `json:"errors"`
}

var errNoGraphQL = errors.New("neither data nor errors")

// decodeEnvelope takes a reply's body apart.
func decodeEnvelope(body []byte) (envelope, error) {
	var e envelope
	if err := json.Unmarshal(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")), &e); err != nil {
		return envelope{}, err
	}
	if e.Data == nil && len(e.Errors) == 0 {
		return envelope{}, errNoGraphQL
	}
	return e, nil
}

// The texts that tell errors apart (spacelift.md 5.3). What they leave over is a refusal by Spacelift's rules.
func sayings() []saying {
	return []saying{
		{unknownField, []string{"cannot query field", "unknown argument", "unknown type", "unknown field"}},
		{unproven, []string{"unauthorized"}},
		// The server's own faults, after which nobody knows what was done.
		{outage, []string{"internal server error", "internal system error", "panic occurred", "deadline exceeded", "timed out"}},
	}
}

type saying struct {
	why   reason
	texts []string
}

// failure is what the errors of an answer mean, or nil when there are none.
func (e envelope) failure(d *document) *Error {
	if len(e.Errors) == 0 {
		return nil
	}
	for _, s := range sayings() {
		for _, upstream := range e.Errors {
			for _, text := range s.texts {
				if strings.Contains(strings.ToLower(upstream.Message), text) {
					return said(d, s.why, upstream.Message)
				}
			}
		}
	}
	message := tidy(e.Errors[0].Message)
	if strings.Contains(strings.ToLower(message), "not found") {
		return &Error{Code: CodeNotFound, Status: http.StatusNotFound, Message: message}
	}
	return &Error{Code: CodeRejected, Status: http.StatusConflict, Message: message}
}

func said(d *document, why reason, message string) *Error {
	switch why {
	case unknownField:
		return &Error{
			Code: CodeSchema, Status: http.StatusBadGateway, why: why, Err: errors.New(tidy(message)),
			Message: "this Spacelift does not know a part of the query " + d.operation + "; it may be an older release",
		}
	case unproven:
		return &Error{Code: CodeForbidden, Status: http.StatusForbidden, why: why, Message: "the Spacelift API key is not allowed to do this"}
	default:
		return &Error{
			Code: CodeUnavailable, Status: http.StatusBadGateway, why: why, Ambiguous: d.once(),
			Message: "Spacelift reports a fault of its own: " + tidy(message),
		}
	}
}

// tidy makes a message that was written elsewhere fit to be shown: one line, of a bounded length.
func tidy(message string) string {
	const most = 500
	message = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, message)
	message = strings.Join(strings.Fields(message), " ")
	if len(message) > most {
		cut := most
		for !utf8.RuneStart(message[cut]) {
			cut--
		}
		message = message[:cut] + "…"
	}
	if message == "" {
		return "Spacelift refused without saying why"
	}
	return message
}
