package config

// Mode says what an unknown key is while decoding.
type Mode int

const (
	// Strict makes an unknown key an error: our own sections.
	Strict Mode = iota
	// Lenient makes it a warning among Problems: upstream's sections.
	Lenient
)

// Decoder is a type that reads itself from the value at its key, which c views: c.String("") is the value itself.
type Decoder interface {
	DecodeConfig(c *Config) error
}

// Validator is a struct that checks itself once it has been decoded without mistakes. It may return Problems, whose paths
// are relative to the struct (see Invalid), or any other error, which is reported at the struct's own key.
type Validator interface {
	Validate() error
}

// Decode reads the mapping at path into dst, a pointer to a struct whose fields are tagged `config:"name"`, or
// `config:"name,required"`. An absent section leaves dst as it is, required fields apart. The error is a Problems with
// all mistakes.
func (c *Config) Decode(path string, dst any, mode Mode) error {
	panic("unfinished")
}

// KeyedList is a mapping whose order, or whose keys' places, matter: proxy endpoints for instance.
type KeyedList[T any] []Keyed[T]

// Keyed is one entry of a KeyedList.
type Keyed[T any] struct {
	Key    string
	Origin Origin // of the key
	Value  T
}

// onlyKeys is a problem for each key of the mapping at path that is not among known.
func (c *Config) onlyKeys(path string, known ...string) error {
	panic("unfinished")
}
