package schema

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"weft/translate/schema/binding"
)

// TestDocs holds the examples of docs/mapping.md to what the package does.
func TestDocs(t *testing.T) {
	data, err := os.ReadFile("../../docs/mapping.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(lang string) string {
		_, rest, ok := strings.Cut(string(data), "```"+lang+"\n")
		text, _, closed := strings.Cut(rest, "```\n")
		if !ok || !closed {
			t.Fatalf("docs/mapping.md has no block of %s", lang)
		}
		return text
	}
	path := filepath.Join(t.TempDir(), "orders.thrift")
	if err := os.WriteFile(path, []byte(block("thrift")), 0o600); err != nil {
		t.Fatal(err)
	}
	files, _, err := PrintProto(Source{Files: []string{path}})
	if err != nil {
		t.Fatal(err)
	}
	_, got, _ := strings.Cut(files[0].Text, "\n\n")
	if want := block("proto"); got != want {
		t.Errorf("the .proto of the example is\n%s\nnot\n%s", got, want)
	}
	if _, problems := binding.Parse("docs/mapping.md", []byte(block("yaml"))); len(problems) > 0 {
		t.Errorf("the binding file of the example: %v", problems)
	}
	for _, word := range binding.Conversions {
		if !strings.Contains(string(data), "`"+word+"`") {
			t.Errorf("docs/mapping.md does not have the conversion %s", word)
		}
	}
}
