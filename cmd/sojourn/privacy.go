package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"sojourn/extract"
)

// privacyConfig says what of the raw records does not get into the lake.
type privacyConfig struct {
	Pseudonyms    *pseudonymsConfig `yaml:"pseudonyms"`     // in the place of ids; nil keeps ids
	Keep          []keptName        `yaml:"keep"`           // optional fields and properties that are kept; nil for all
	QuarantineRaw rawPolicy         `yaml:"quarantine_raw"` // keep or drop; empty: drop with pseudonyms, keep without
}

// pseudonymsConfig says where the key of pseudonyms is: never what it is.
type pseudonymsConfig struct {
	KeyEnv  string `yaml:"key_env"`  // an environment variable
	KeyFile string `yaml:"key_file"` // or a file
}

// isVariable is what names of environment variables look like.
var isVariable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,63}$`)

// keptName is the name of a field or a property.
type keptName string

func (k *keptName) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if extract.NamesIP(text) {
		return fmt.Errorf("%s is an IP address by its name, which is never stored", text)
	}
	*k = keptName(text)
	return nil
}

// rawPolicy is keep or drop.
type rawPolicy string

func (r *rawPolicy) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if text != "keep" && text != "drop" {
		return fmt.Errorf("%q: want keep or drop: whether the bytes of records that cannot be used are kept", text)
	}
	*r = rawPolicy(text)
	return nil
}

// sourcePath is the place of a value in a record.
type sourcePath string

func (p *sourcePath) UnmarshalYAML(unmarshal func(any) error) error {
	var text string
	if err := unmarshal(&text); err != nil {
		return err
	}
	if extract.NamesIP(text) {
		return fmt.Errorf("%s is an IP address by its name, which is never stored: leave it out; of what it is good for, country can be mapped", text)
	}
	*p = sourcePath(text)
	return nil
}

// keeps says whether a property of a source gets into the lake.
func (p privacyConfig) keeps(property string) bool {
	return p.Keep == nil || slices.Contains(p.Keep, keptName(property))
}

// privacy is what sources are told, but for the key.
func (p privacyConfig) privacy() extract.Privacy {
	out := extract.Privacy{HideRecords: p.QuarantineRaw == "drop" || p.QuarantineRaw == "" && p.Pseudonyms != nil}
	if p.Keep != nil {
		out.Keep = []string{}
		for _, name := range p.Keep {
			out.Keep = append(out.Keep, string(name))
		}
	}
	return out
}

// privacyProblems says what is wrong with the section, each with its line.
func (c *config) privacyProblems() []error {
	var problems []error
	if p := c.Privacy.Pseudonyms; p != nil && (p.KeyEnv == "") == (p.KeyFile == "") {
		problems = append(problems, c.at("$.privacy.pseudonyms", "privacy.pseudonyms: want key_env, the name of an environment variable that has the key, or key_file, a file that has it"))
	}
	known := map[string]bool{}
	for _, s := range c.Sources {
		for property := range s.Properties {
			known[property] = true
		}
	}
	for i, name := range c.Privacy.Keep {
		if !extract.IsField(string(name)) && !known[string(name)] {
			problems = append(problems, c.at(fmt.Sprintf("$.privacy.keep[%d]", i), fmt.Sprintf("privacy.keep: %q is neither a property of a source nor one of %s", name, strings.Join(extract.OptionalFields(), ", "))))
		}
	}
	return problems
}

// pseudonyms reads the key; nil if ids are kept as they are.
func (c *config) pseudonyms() (*extract.Pseudonyms, error) {
	p := c.Privacy.Pseudonyms
	if p == nil {
		return nil, nil
	}
	at, key := "$.privacy.pseudonyms.key_env", []byte(os.Getenv(p.KeyEnv))
	if p.KeyFile != "" {
		at = "$.privacy.pseudonyms.key_file"
		var err error
		if key, err = os.ReadFile(c.path(p.KeyFile)); err != nil {
			return nil, c.at(at, fmt.Sprintf("privacy.pseudonyms.key_file: the key of pseudonyms cannot be read: %v", err))
		}
	} else if len(key) == 0 {
		return nil, c.at(at, fmt.Sprintf("privacy.pseudonyms.key_env: the environment variable %s is not set or empty: it has the key of pseudonyms, without which no object is read", p.KeyEnv))
	}
	made, err := extract.NewPseudonyms(bytes.TrimRight(key, "\r\n"))
	if err != nil {
		return nil, c.at(at, "privacy.pseudonyms: "+err.Error())
	}
	return made, nil
}

// standsFor is what stands in the tables for an id that an operator gives: its
// pseudonym, if there are pseudonyms and it is none itself.
func (c *config) standsFor(id string) (string, error) {
	if extract.IsPseudonym(id) {
		return id, nil
	}
	made, err := c.pseudonyms()
	if err != nil {
		return "", usageError{fmt.Errorf("the id is no pseudonym, and the key would be needed to make one of it:\n%w", err)}
	}
	return made.Of(id), nil
}

// at is a problem with the line of the file that it is about.
func (c *config) at(path, message string) error {
	place, err := yaml.PathString(path)
	if err != nil {
		return errors.New(message)
	}
	file, err := parser.ParseBytes(c.text, 0)
	if err != nil {
		return errors.New(message)
	}
	node, err := place.FilterFile(file)
	if err != nil || node.GetToken() == nil {
		return errors.New(message)
	}
	return errors.New(yaml.FormatErrorWithToken(message, node.GetToken(), false, true))
}

// misplacedKey refuses a key of pseudonyms that stands in the file itself. It
// does not show the line, and comes before all that shows lines around others.
func misplacedKey(data []byte) error {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil // which decoding reports
	}
	const advice = "is not shown, as it may be the key itself: the key does not belong into this file. Put it into an environment variable or a file, and say where: key_env: SOJOURN_PSEUDONYM_KEY, or key_file: PATH"
	for _, key := range []string{"key", "secret", "key_env"} {
		place, err := yaml.PathString("$.privacy.pseudonyms." + key)
		if err != nil {
			continue
		}
		node, err := place.FilterFile(file)
		if err != nil || node.GetToken() == nil {
			continue
		}
		if key == "key_env" && isVariable.MatchString(node.GetToken().Value) {
			continue
		}
		return errors.New(yaml.FormatErrorWithToken(fmt.Sprintf("privacy.pseudonyms.%s: what stands here %s", key, advice), node.GetToken(), false, false))
	}
	return nil
}
