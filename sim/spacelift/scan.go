package spacelift

import "strings"

// scanned is what the simulator wants to know of a document before the engine sees it.
type scanned struct {
	operation string
	mutation  bool
	fields    []string // of the root, without aliases
	strings   []string
}

// scan reads the operation with that name, or the first one. It forgives everything: the engine judges.
func scan(document, operation string) scanned {
	tokens, texts := lex(document)
	var first *scanned
	for i := 0; i < len(tokens); i++ {
		switch tokens[i] {
		case "query", "mutation", "subscription", "{":
			found, end := scanOperation(tokens, i)
			found.strings = texts
			if first == nil {
				first = &found
			}
			if operation != "" && found.operation == operation {
				return found
			}
			i = end
		case "fragment":
			i = skip(tokens, i)
		}
	}
	if first == nil {
		return scanned{strings: texts}
	}
	return *first
}

// scanOperation reads one operation, and says where it ends.
func scanOperation(tokens []string, at int) (found scanned, end int) {
	found.mutation = tokens[at] == "mutation"
	if tokens[at] != "{" {
		at++
		if at < len(tokens) && isName(tokens[at]) {
			found.operation = tokens[at]
		}
	}
	depth, parens := 0, 0
	for ; at < len(tokens); at++ {
		switch token := tokens[at]; token {
		case "(":
			parens++
		case ")":
			parens--
		case "{":
			if parens == 0 {
				depth++
			}
		case "}":
			if parens == 0 {
				depth--
				if depth == 0 {
					return found, at
				}
			}
		case "@":
			at++
		default:
			alias := at+1 < len(tokens) && tokens[at+1] == ":"
			if depth == 1 && parens == 0 && isName(token) && !alias {
				found.fields = append(found.fields, token)
			}
		}
	}
	return found, at
}

func skip(tokens []string, at int) int {
	depth := 0
	for ; at < len(tokens); at++ {
		switch tokens[at] {
		case "{":
			depth++
		case "}":
			if depth--; depth == 0 {
				return at
			}
		}
	}
	return at
}

func isName(token string) bool {
	return token != "" && (token[0] == '_' || token[0]|0x20 >= 'a' && token[0]|0x20 <= 'z')
}

// lex cuts a document into names and punctuation, and collects its strings.
func lex(document string) (tokens, texts []string) {
	for i := 0; i < len(document); {
		c := document[i]
		switch {
		case c == '#':
			for i < len(document) && document[i] != '\n' {
				i++
			}
		case strings.HasPrefix(document[i:], `"""`):
			text, _, _ := strings.Cut(document[i+3:], `"""`)
			texts = append(texts, text)
			i += len(text) + 6
		case c == '"':
			end := i + 1
			for end < len(document) && document[end] != '"' {
				if document[end] == '\\' {
					end++
				}
				end++
			}
			texts = append(texts, document[i+1:min(end, len(document))])
			i = end + 1
		case isName(document[i : i+1]):
			end := i
			for end < len(document) && (isName(document[end:end+1]) || document[end] >= '0' && document[end] <= '9') {
				end++
			}
			tokens = append(tokens, document[i:end])
			i = end
		default:
			if strings.IndexByte("{}():@$", c) >= 0 {
				tokens = append(tokens, document[i:i+1])
			}
			i++
		}
	}
	return tokens, texts
}
