package schema

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weft/translate/schema/binding"
	"weft/translate/schema/thriftidl"
)

func (l *loader) readBinding() {
	if l.src.Binding == "" {
		return
	}
	data, err := os.ReadFile(l.src.Binding)
	if err != nil {
		l.fail(thriftidl.Pos{File: l.src.Binding}, "reading the binding: "+reason(err))
		return
	}
	var problems []thriftidl.Problem
	l.binding, problems = binding.Parse(l.src.Binding, data)
	l.take(problems)
}

// rootName is the name of the made-up file that includes all given ones, so that what two of them include is one file.
const rootName = "(schema).thrift"

func (l *loader) readThrift(names []string) {
	root := rootName
	if len(names) == 1 {
		root = names[0]
	}
	var text strings.Builder
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			l.fail(thriftidl.Pos{File: name}, "reading the file: "+reason(err))
			continue
		}
		quote := `"`
		if strings.Contains(name, quote) {
			quote = "'"
		}
		fmt.Fprintf(&text, "include %s%s%s\n", quote, name, quote)
	}
	if l.failed {
		return
	}
	files, problems := thriftidl.Parse(root, thriftidl.Options{
		ImportPaths:  l.src.ImportPaths,
		AllowNegKeys: l.src.AllowNegKeys,
		ReadFile: func(name string) ([]byte, error) {
			if name == rootName {
				return []byte(text.String()), nil
			}
			return readRegular(name)
		},
	})
	l.take(slices.DeleteFunc(problems, func(p thriftidl.Problem) bool { return p.Warning && p.Pos.File == rootName }))
	if l.failed || len(files) == 0 {
		return
	}
	l.thriftFiles, l.thriftRoots = files, files[:1]
	if root == rootName {
		l.thriftRoots = nil
		for _, inc := range files[0].Includes {
			if !slices.Contains(l.thriftRoots, inc.File) {
				l.thriftRoots = append(l.thriftRoots, inc.File)
			}
		}
		l.thriftFiles = files[1:]
	}
}

// maxFile is the largest schema file that is read, in bytes.
const maxFile = 64 << 20

// readRegular reads a file that is no device or pipe and not larger than maxFile.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	if info.Size() > maxFile {
		return nil, fmt.Errorf("%s is larger than %d bytes", name, maxFile)
	}
	return os.ReadFile(filepath.Clean(name))
}

// reason is an error without the path in front, which the place of the problem names already.
func reason(err error) string {
	if p, ok := err.(*fs.PathError); ok {
		return p.Err.Error()
	}
	return err.Error()
}
