package config

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

// Redacted returns the configuration as YAML with all defaults and without secrets, for people to look at.
func (c *Config) Redacted() ([]byte, error) {
	out, err := yaml.MarshalWithOptions(c, yaml.Indent(2), yaml.IndentSequence(false))
	if err != nil {
		return nil, fmt.Errorf("write configuration as YAML: %w", err)
	}
	return out, nil
}
