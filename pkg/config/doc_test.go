package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"weft/pkg/dialect"
)

// keyRow is what the documentation must say of a key.
type keyRow struct{ kind, def string }

// keysOf lists the keys of the structs: NAME stands for a name of the user's choice, [] for any item of a list.
func keysOf(v reflect.Value, at string, rows map[string]keyRow) {
	for _, f := range fieldsOf(v) {
		name := f.name
		if at != "" {
			name = at + "." + f.name
		}
		describeKey(f, f.value, name, rows)
	}
}

func describeKey(f field, v reflect.Value, name string, rows map[string]keyRow) {
	elem := func(t reflect.Type) reflect.Value {
		e := reflect.New(t).Elem()
		applyDefaults(e)
		return e
	}
	switch v.Kind() {
	case reflect.Pointer:
		describeKey(f, elem(v.Type().Elem()), name, rows)
		return
	case reflect.Struct:
		if _, word := v.Interface().(dialect.Dialect); !word {
			keysOf(v, name, rows)
			return
		}
	case reflect.Slice, reflect.Map:
		if e := v.Type().Elem(); e.Kind() != reflect.String {
			suffix := map[reflect.Kind]string{reflect.Slice: "[]", reflect.Map: ".NAME"}[v.Kind()]
			describeKey(field{}, elem(e), name+suffix, rows)
			return
		}
	}
	row := keyRow{kind: kindWord(v), def: "none"}
	switch {
	case f.required:
		row.def = "required"
	case v.Kind() == reflect.Bool || !v.IsZero():
		row.def = fmt.Sprintf("`%v`", v.Interface())
	}
	rows[name] = row
}

func kindWord(v reflect.Value) string {
	switch v.Interface().(type) {
	case dialect.Dialect:
		return "dialect"
	case time.Duration:
		return "duration"
	case Size:
		return "size"
	case Secret:
		return "secret"
	case []string:
		return "list of texts"
	case map[string]string:
		return "texts by name"
	}
	return map[reflect.Kind]string{reflect.String: "text", reflect.Bool: "boolean", reflect.Int: "whole number", reflect.Float64: "number"}[v.Kind()]
}

// docs/configuration.md has every key with its type and default, and nothing else.
func TestDocumentation(t *testing.T) {
	t.Parallel()
	var c Config
	v := reflect.ValueOf(&c).Elem()
	applyDefaults(v)
	want := map[string]keyRow{}
	keysOf(v, "", want)
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_.A-Z\\[\\]]+)` \\| ([^|]+) \\| ([^|]+) \\| (.+) \\|$").FindAllStringSubmatch(string(text), -1) {
		key, got := row[1], keyRow{row[2], row[3]}
		if w, ok := want[key]; !ok {
			t.Errorf("documented, but there is no key %s", key)
		} else if w != got {
			t.Errorf("%s is documented as %v, but is %v", key, got, w)
		}
		delete(want, key)
	}
	for key, row := range want {
		t.Errorf("not documented: | `%s` | %s | %s |", key, row.kind, row.def)
	}
}

// The examples of docs/configuration.md load.
func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```yaml\n(version: .*?)```").FindAllStringSubmatch(string(text), -1)
	if len(examples) < 3 {
		t.Errorf("only %d examples", len(examples))
	}
	for _, x := range examples {
		if _, err := Parse("weft.yaml", []byte(x[1]), func(string) (string, bool) { return "value", true }); err != nil {
			t.Errorf("%v in\n%s", err, x[1])
		}
	}
}

func TestUnitsOfDefaults(t *testing.T) {
	t.Parallel()
	for s, want := range map[Size]string{256 << 20: "256MiB", 1 << 10: "1KiB", 1 << 30: "1GiB", 1500: "1500"} {
		if got := strings.TrimSpace(s.String()); got != want {
			t.Errorf("%d prints as %s", int64(s), got)
		}
	}
}
