// Package thriftidl parses Apache Thrift's interface definition language.
//
// It reads a file with everything it includes, checks it as Apache's compiler does, resolves every name, and
// hands over a tree in which each type is known. Package schema is its only caller.
package thriftidl

import "fmt"

// Pos is a place in a file. Line and Col count from 1; Col counts bytes.
type Pos struct {
	File string
	Line int
	Col  int
}

// String gives "file:line:col".
func (p Pos) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col) }

// Problem is one error or warning about a file.
type Problem struct {
	Pos     Pos
	Warning bool
	Text    string
}

// Error gives "file:line:col: text".
func (p Problem) Error() string {
	if p.Warning {
		return p.Pos.String() + ": warning: " + p.Text
	}
	return p.Pos.String() + ": " + p.Text
}

// Options of Parse.
type Options struct {
	// ImportPaths are searched for includes after the including file's own folder.
	ImportPaths []string
	// AllowNegKeys keeps explicit field ids <= 0 as written (Apache's --allow-neg-keys); without it they
	// are replaced by the next implicit id, with a warning.
	AllowNegKeys bool
	// ReadFile reads a file; nil means os.ReadFile.
	ReadFile func(name string) ([]byte, error)
}

// File is one parsed and resolved .thrift file.
type File struct {
	Name       string // as it was opened
	Doc        string // the file's own doc comment
	Includes   []*Include
	Namespaces []Namespace
	Consts     []*Const
	Typedefs   []*Typedef
	Enums      []*Enum
	Structs    []*Struct // structs, unions and exceptions, in order of the file
	Services   []*Service

	types  map[string]*definition // and services, which share their names
	consts map[string]*Const
}

// Base is the file's name without folder and ".thrift": the prefix under which an including file names
// what stands here.
func (f *File) Base() string { return base(f.Name) }

// Namespace gives the namespace for a scope ("proto", "py", "*"), and whether there is one.
func (f *File) Namespace(scope string) (string, bool) {
	for i := len(f.Namespaces) - 1; i >= 0; i-- {
		if f.Namespaces[i].Scope == scope {
			return f.Namespaces[i].Name, true
		}
	}
	return "", false
}

// Include is one include line.
type Include struct {
	Pos  Pos
	Path string // as written
	File *File
}

// Namespace is one namespace line.
type Namespace struct {
	Pos         Pos
	Scope       string
	Name        string
	Annotations []Annotation
}

// Annotation is one (key = "value"); a key without a value has the value "1", as in Apache's compiler.
type Annotation struct {
	Pos   Pos
	Key   string
	Value string
}

// Const is a named constant.
type Const struct {
	Pos   Pos
	File  *File
	Name  string
	Doc   string
	Type  *Type
	Value *Value

	state checkState
	nodes int  // of the value with the constants in it written out
	lossy bool // something in the value does not fit its type
}

// Typedef gives a type another name.
type Typedef struct {
	Pos         Pos
	File        *File
	Name        string
	Doc         string
	Type        *Type
	Annotations []Annotation

	state checkState
	shape shape
}

// Enum is an enum. A senum is a Typedef to string.
type Enum struct {
	Pos         Pos
	File        *File
	Name        string
	Doc         string
	Values      []*EnumValue
	Annotations []Annotation

	byName   map[string]*EnumValue
	byNumber map[int32]*EnumValue // the first of each number
}

// EnumValue is one member of an enum, its number assigned as Apache does (previous + 1, from 0).
type EnumValue struct {
	Pos         Pos
	Name        string
	Doc         string
	Number      int32
	Annotations []Annotation
}

// StructKind tells structs, unions and exceptions apart.
type StructKind uint8

const (
	PlainStruct StructKind = iota
	Union
	Exception
)

// Struct is a struct, union or exception.
type Struct struct {
	Pos         Pos
	File        *File
	Kind        StructKind
	Name        string
	Doc         string
	Fields      []*Field // in order of the file
	Annotations []Annotation

	byName map[string]*Field
}

// Requiredness of a field. In a union every field is Optional.
type Requiredness uint8

const (
	DefaultRequired Requiredness = iota
	Required
	Optional
)

// Field is a field of a struct, an argument of a function or a member of a throws clause.
type Field struct {
	Pos          Pos
	Name         string
	Doc          string
	ID           int16 // explicit, or implicit as Apache assigns it: -1, -2, ...
	ImplicitID   bool
	Requiredness Requiredness
	Reference    bool // written with &
	Type         *Type
	Default      *Value // nil: none
	Annotations  []Annotation
}

// Service is a service with its own functions; inherited ones are reached through Extends.
type Service struct {
	Pos         Pos
	File        *File
	Name        string
	Doc         string
	Extends     *Service
	Functions   []*Function
	Annotations []Annotation

	parent    string // as written after extends
	parentPos Pos
	byName    map[string]*Function
	depth     int // number of services above it
}

// Function is one method.
type Function struct {
	Pos         Pos
	Name        string
	Doc         string
	Oneway      bool
	Result      *Type // nil: void
	Args        []*Field
	Throws      []*Field
	Annotations []Annotation
}

// Kind of a type. Base types keep Apache's wire numbers apart from their meaning: byte is I8, binary and
// string differ.
type Kind uint8

const (
	Bool Kind = iota + 1
	I8
	I16
	I32
	I64
	Double
	String
	Binary
	UUID
	KindEnum
	KindStruct // structs, unions and exceptions
	List
	Set
	Map
	KindTypedef // the type names a typedef: see Typedef and Underlying
)

// Type is a resolved use of a type.
type Type struct {
	Pos         Pos
	Kind        Kind
	Name        string // as written: "i32", "shared.Item", "list"
	Enum        *Enum
	Struct      *Struct
	Typedef     *Typedef
	Key         *Type // Map
	Elem        *Type // List, Set, Map
	CppType     string
	Annotations []Annotation
}

// Underlying follows typedefs to the type they stand for.
func (t *Type) Underlying() *Type {
	for t.Kind == KindTypedef {
		t = t.Typedef.Type
	}
	return t
}

// ValueKind of a constant value.
type ValueKind uint8

const (
	IntValue ValueKind = iota + 1
	DoubleValue
	StringValue
	ListValue
	MapValue
	IdentValue // a name, resolved: Const or EnumValue is set, and Literal gives what it stands for
)

// Value is a constant or default value, checked against the type it is for and made to fit it: a bool is an
// IntValue of 0 or 1, a double is a DoubleValue even if written as an integer, a member of an enum written as a
// number is an IntValue with Enum and EnumValue set, a uuid is a StringValue without braces, a struct is a
// MapValue with StringValue keys.
type Value struct {
	Pos       Pos
	Kind      ValueKind
	Int       int64
	Double    float64
	String    string
	List      []*Value
	Map       []MapEntry
	Ident     string // as written
	Const     *Const
	EnumValue *EnumValue
	Enum      *Enum

	literal *Value // what a name stands for, made to fit the type
}

// MapEntry is one key and value of a map or of a struct literal.
type MapEntry struct {
	Key   *Value
	Value *Value
}
