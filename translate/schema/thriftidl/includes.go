package thriftidl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// loader reads a file and what it includes, each file once.
type loader struct {
	options      Options
	sink         *sink
	files        []*File // in order of first mention
	done         []*File // included files before those that include them
	known        map[string]*File
	open         []opened // the chain of files being read
	total        int      // bytes
	syntaxErrors bool
}

// opened is a file whose includes are being read.
type opened struct{ name, id string }

func newLoader(o Options) *loader {
	if o.ReadFile == nil {
		o.ReadFile = readRegular
	}
	return &loader{options: o, sink: &sink{}, known: make(map[string]*File)}
}

// readRegular is os.ReadFile for regular files only, and not far beyond maxFileSize.
func readRegular(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxFileSize+1))
}

// root reads the file that Parse was asked for.
func (l *loader) root(name string) {
	data, err := l.options.ReadFile(name)
	if err != nil {
		l.sink.errorf(Pos{File: name, Line: 1, Col: 1}, "cannot read the file: "+err.Error())
		return
	}
	l.load(name, fileID(name), data, Pos{File: name, Line: 1, Col: 1})
}

// load parses data and reads its includes. at is where a refusal of the whole file is reported.
func (l *loader) load(name, id string, data []byte, at Pos) *File {
	l.total += len(data)
	switch {
	case len(data) > maxFileSize:
		l.sink.errorf(at, fmt.Sprintf("%s is larger than %d bytes", name, maxFileSize))
		return nil
	case l.total > maxTotalSize:
		l.sink.errorf(at, fmt.Sprintf("the files up to %s are together larger than %d bytes", name, maxTotalSize))
		return nil
	case len(l.files) >= maxFiles:
		l.sink.errorf(at, fmt.Sprintf("more than %d files", maxFiles))
		return nil
	}
	before := l.sink.errors
	f := parseFile(name, data, l.options, l.sink)
	l.syntaxErrors = l.syntaxErrors || l.sink.errors > before
	l.files = append(l.files, f)
	l.known[id] = f
	l.open = append(l.open, opened{name, id})
	for _, inc := range f.Includes {
		inc.File = l.include(f, inc)
	}
	l.open = l.open[:len(l.open)-1]
	l.done = append(l.done, f)
	return f
}

// include finds and reads what one include line names; nil if that is not possible, which is then reported.
func (l *loader) include(from *File, inc *Include) *File {
	name, data, err := l.find(from, inc.Path)
	if err != nil {
		l.sink.errorf(inc.Pos, err.Error())
		return nil
	}
	id := fileID(name)
	for i, o := range l.open {
		if o.id == id {
			l.sink.errorf(inc.Pos, "include cycle: "+chain(l.open[i:], name))
			return nil
		}
	}
	if f := l.known[id]; f != nil {
		return f
	}
	return l.load(name, id, data, inc.Pos)
}

// find searches the including file's folder, then the import paths.
func (l *loader) find(from *File, path string) (name string, data []byte, err error) {
	folders := append([]string{filepath.Dir(from.Name)}, l.options.ImportPaths...)
	if filepath.IsAbs(path) {
		folders = []string{""}
	}
	var other error
	for _, folder := range folders {
		name = filepath.Join(folder, path)
		data, err = l.options.ReadFile(name)
		if err == nil {
			return name, data, nil
		}
		if other == nil && !errors.Is(err, fs.ErrNotExist) {
			other = err
		}
	}
	if other != nil {
		return "", nil, fmt.Errorf("cannot read include %q: %w", path, other)
	}
	return "", nil, fmt.Errorf("cannot find include %q in %s", path, strings.Join(folders, ", "))
}

// fileID is the same for two names of one file: links are followed where the file system has the file.
func fileID(name string) string {
	if target, err := filepath.EvalSymlinks(name); err == nil {
		name = target
	}
	if abs, err := filepath.Abs(name); err == nil {
		return abs
	}
	return filepath.Clean(name)
}

func chain(files []opened, last string) string {
	var b strings.Builder
	for _, f := range files {
		b.WriteString(f.name)
		b.WriteString(" -> ")
	}
	return b.String() + last
}
