package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers says what the packages of each top folder may import of weft's own, beside their own folder. main ("")
// imports everything but bench, which measures weft from the outside and is imported by nobody.
var layers = map[string]struct {
	mayImport []string
	because   string
}{
	"":          {[]string{"proxy", "demo", "deploy", "translate", "discovery", "pkg"}, "main wires the pieces"},
	"proxy":     {[]string{"translate", "discovery", "pkg"}, "the data path stands on translation and discovery"},
	"demo":      {[]string{"translate", "discovery", "pkg"}, "main hands it the sidecars as a function"},
	"deploy":    {[]string{"translate", "discovery", "pkg"}, "it prepares machines and never carries a call"},
	"translate": {[]string{"pkg"}, "bytes in, bytes out: it knows no network, so neither discovery nor proxy"},
	"discovery": {[]string{"pkg"}, "who is there has nothing to do with what is said"},
	"pkg":       {nil, "leaves"},
	"e2e":       {[]string{"proxy", "translate", "discovery", "pkg", "testpeers"}, "tests of the whole, through its outside"},
	"testpeers": {nil, "a fault of weft must not hide in the peers that find it"},
	"bench":     {[]string{"translate", "pkg"}, "it drives the proxy from the outside, as a process"},
}

func TestImportsGoOneWay(t *testing.T) {
	eachGoFile(t, func(name string, file *ast.File) {
		from := topFolder(path.Dir(name))
		layer, known := layers[from]
		if !known {
			t.Errorf("%s: folder %s has no layer in this test", name, from)
			return
		}
		for _, spec := range file.Imports {
			imported, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), "weft/")
			if !ours {
				continue
			}
			to := topFolder(imported)
			inTest := strings.HasSuffix(name, "_test.go")
			if to == from || slices.Contains(layer.mayImport, to) || inTest && (to == "testpeers" || imported == "pkg/leakcheck") {
				continue
			}
			t.Errorf("%s imports %s: %q may import %q only (%s)", name, imported, from, layer.mayImport, layer.because)
		}
	})
}

func TestFolderNamesSaySomething(t *testing.T) {
	empty := []string{"util", "utils", "common", "types", "internal", "helpers", "misc"}
	eachGoFile(t, func(name string, _ *ast.File) {
		for folder := range strings.SplitSeq(path.Dir(name), "/") {
			if slices.Contains(empty, folder) {
				t.Errorf("%s: a folder named %q says nothing of what is in it", name, folder)
			}
		}
	})
}

func TestPackagesHaveComments(t *testing.T) {
	documented := map[string]bool{}
	eachGoFile(t, func(name string, file *ast.File) {
		dir := path.Dir(name)
		if strings.HasSuffix(name, "_test.go") || ast.IsGenerated(file) {
			return
		}
		documented[dir] = documented[dir] || file.Doc != nil
	})
	for dir, ok := range documented {
		if !ok {
			t.Errorf("%s: no file has a package comment", dir)
		}
	}
}

// A file above 500 lines holds two subjects, and a function above 80 does not fit a screen.
func TestFilesAndFunctionsFitAScreen(t *testing.T) {
	const maxFile, maxFunc = 500, 80
	eachGoFile(t, func(name string, file *ast.File) {
		if strings.HasSuffix(name, "_test.go") || ast.IsGenerated(file) {
			return
		}
		line := func(p token.Pos) int { return files.Position(p).Line }
		if n := line(file.FileEnd); n > maxFile {
			t.Errorf("%s has %d lines, more than %d", name, n, maxFile)
		}
		for _, decl := range file.Decls {
			f, ok := decl.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if n := line(f.End()) - line(f.Pos()) + 1; n > maxFunc {
				t.Errorf("%s: %s has %d lines, more than %d", name, f.Name.Name, n, maxFunc)
			}
		}
	})
}

var files = token.NewFileSet()

// eachGoFile parses every Go file of this module, generated and test files as well.
func eachGoFile(t *testing.T, do func(name string, file *ast.File)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := entry.Name()
		if entry.IsDir() {
			if name != "." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "tools" || base == "bin") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, ".go") {
			return nil
		}
		file, err := parser.ParseFile(files, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		do(filepath.ToSlash(name), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func topFolder(dir string) string {
	if dir == "." {
		return ""
	}
	top, _, _ := strings.Cut(dir, "/")
	return top
}
