package thriftidl

import "strings"

// definition is what a type's or service's name stands for in its file. One of the pointers is set.
type definition struct {
	pos     Pos
	typedef *Typedef
	enum    *Enum
	strct   *Struct
	service *Service
}

// Struct finds a struct, union or exception by its name as it is written in this file: "Item" here, "shared.Item"
// in an included file. It is nil if there is none.
func (f *File) Struct(name string) *Struct {
	if d, _ := f.find(name); d != nil {
		return d.strct
	}
	return nil
}

// Enum finds an enum as Struct does.
func (f *File) Enum(name string) *Enum {
	if d, _ := f.find(name); d != nil {
		return d.enum
	}
	return nil
}

// Typedef finds a typedef as Struct does.
func (f *File) Typedef(name string) *Typedef {
	if d, _ := f.find(name); d != nil {
		return d.typedef
	}
	return nil
}

// Service finds a service as Struct does.
func (f *File) Service(name string) *Service {
	if d, _ := f.find(name); d != nil {
		return d.service
	}
	return nil
}

// Field finds a field by its name; nil if there is none.
func (s *Struct) Field(name string) *Field { return s.byName[name] }

// Member finds a member by its name; nil if there is none.
func (e *Enum) Member(name string) *EnumValue { return e.byName[name] }

// ByNumber finds the first member with a number; nil if there is none.
func (e *Enum) ByNumber(n int32) *EnumValue { return e.byNumber[n] }

// Function finds a function by its name, inherited ones too; nil if there is none.
func (s *Service) Function(name string) *Function {
	for ; s != nil; s = s.Extends {
		if f := s.byName[name]; f != nil {
			return f
		}
	}
	return nil
}

// AllFunctions are the inherited functions, the oldest service's first, and then the own ones.
func (s *Service) AllFunctions() []*Function {
	if s == nil {
		return nil
	}
	return append(s.Extends.AllFunctions(), s.Functions...)
}

// Literal gives the value that a name stands for, made to fit the type; any other value is itself. The elements
// of a list or map may be names again.
func (v *Value) Literal() *Value {
	if v.literal != nil {
		return v.literal
	}
	return v
}

// find gives the definition that a name in this file means, and whether the name means several.
func (f *File) find(name string) (found *definition, several bool) {
	if d := f.types[name]; d != nil {
		return d, false
	}
	prefix, rest, _ := cutLast(name)
	for _, in := range f.included(prefix) {
		if d := in.types[rest]; d != nil {
			several = several || found != nil && found != d
			found = d
		}
	}
	return found, several
}

// included gives the included files of a base name, by which the include line or the file itself may go: the two
// differ for links.
func (f *File) included(name string) []*File {
	var files []*File
	for _, inc := range f.Includes {
		if inc.File != nil && (base(inc.Path) == name || inc.File.Base() == name) {
			files = append(files, inc.File)
		}
	}
	return files
}

// missing says whether the name belongs to an include that was not found, which is reported already.
func (f *File) missing(name string) bool {
	for _, inc := range f.Includes {
		if inc.File == nil && strings.HasPrefix(name, base(inc.Path)+".") {
			return true
		}
	}
	return false
}

// findValue gives the constant or the member of an enum that a name in this file means.
func (f *File) findValue(name string) (*Const, *Enum, *EnumValue) {
	if c := f.consts[name]; c != nil {
		return c, nil, nil
	}
	prefix, rest, _ := cutLast(name)
	if e := f.Enum(prefix); e != nil {
		if v := e.byName[rest]; v != nil {
			return nil, e, v
		}
	}
	for _, in := range f.included(prefix) {
		if c := in.consts[rest]; c != nil {
			return c, nil, nil
		}
	}
	return nil, nil, nil
}

// cutLast cuts a name at its last dot.
func cutLast(name string) (prefix, rest string, found bool) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return "", name, false
	}
	return name[:dot], name[dot+1:], true
}
