package binding

import (
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"weft/translate/schema/thriftidl"
)

// File is one binding file. A nil File binds nothing.
type File struct {
	Services   []*Service
	Types      []*Type
	Enums      []*Enum
	Exceptions []*Exception
	Policy     Policy
}

// Service pairs one Thrift service with one gRPC service. A service of either side may stand in several entries.
type Service struct {
	Pos     thriftidl.Pos
	Thrift  string // name, or "file.Name" with the base name of the .thrift file
	GRPC    string // full name; the name without package is enough where it is unique
	Methods []*Method
}

// Method pairs two methods and says how their arguments and results stand to the messages.
type Method struct {
	Pos      thriftidl.Pos
	Thrift   string
	GRPC     string
	Request  string // "", "bare" or "wrapped"
	Response string // "", "bare", or the name of the field that holds the result
	Args     []*Field
	Drop     bool
}

// Type is what a binding says of a struct, union or exception and the message that it is paired with. With one of
// the two names left out the entry holds for every partner.
type Type struct {
	Pos      thriftidl.Pos
	Thrift   string
	Proto    string
	ByNumber bool
	Fields   []*Field
}

// Field pairs two fields. With one name left out the other side's field is found by name.
type Field struct {
	Pos     thriftidl.Pos
	Thrift  string
	Proto   string
	Convert string // one of Conversions, "" for none
	Drop    bool
	Zero    string // "", "write" or "omit"
	ID      int    // id of the field in a derived Thrift view, 0: the protobuf number
	UTF8    string // "", "reject", "replace" or "pass"
	Uint64  string // "", "error" or "bits"
}

// Enum pairs two enums and some of their values.
type Enum struct {
	Pos    thriftidl.Pos
	Thrift string
	Proto  string
	Values []EnumValue
}

// EnumValue pairs two enum values by name.
type EnumValue struct {
	Pos    thriftidl.Pos
	Thrift string
	Proto  string
}

// Exception says how a Thrift exception becomes a gRPC status.
type Exception struct {
	Pos     thriftidl.Pos
	Thrift  string
	Proto   string // full name of the message in the details, "" to find it by name
	Code    codes.Code
	HasCode bool
	Message string // the field that becomes the status message
}

// Policy is what becomes of values that the other side cannot say; "" is the default.
type Policy struct {
	Uint64       string // error | bits
	Fixed64      string // bits | error
	UTF8         string // reject | replace | pass
	UnknownField string // drop | error
}

// Conversions are the words that `convert:` takes.
//
//	unix_seconds, unix_millis, unix_micros, unix_nanos                  i64 <-> google.protobuf.Timestamp
//	duration_seconds, duration_millis, duration_micros, duration_nanos  i64 <-> google.protobuf.Duration
//	uuid_string    uuid <-> string, in canonical lower case form
//	uuid_bytes     uuid <-> bytes of length 16 (also without the word)
//	enum_number    i32 <-> enum, or enum <-> an integer: the number as it is
//	wrapper        a scalar <-> google.protobuf.Int32Value and its like (also without the word)
//	float          double <-> float: the word says that the lost precision is known
var Conversions = []string{
	"unix_seconds", "unix_millis", "unix_micros", "unix_nanos",
	"duration_seconds", "duration_millis", "duration_micros", "duration_nanos",
	"uuid_string", "uuid_bytes", "enum_number", "wrapper", "float",
}

// IsThrift tells whether name, as a binding has it, names the declaration of the file with that base name.
func IsThrift(name, base, declared string) bool {
	return name == declared || name == base+"."+declared
}

// IsProto tells whether name, as a binding has it, names full: the full name, or its end after a dot.
func IsProto(name, full string) bool {
	return name == full || strings.HasSuffix(full, "."+name)
}

// ServicesOf gives the entries for a Thrift service.
func (f *File) ServicesOf(base, name string) []*Service {
	if f == nil {
		return nil
	}
	return where(f.Services, func(s *Service) bool { return IsThrift(s.Thrift, base, name) })
}

// ServicesFor gives the entries for a gRPC service.
func (f *File) ServicesFor(full string) []*Service {
	if f == nil {
		return nil
	}
	return where(f.Services, func(s *Service) bool { return IsProto(s.GRPC, full) })
}

// TypesOf gives the entries that name a Thrift struct.
func (f *File) TypesOf(base, name string) []*Type {
	if f == nil {
		return nil
	}
	return where(f.Types, func(t *Type) bool { return IsThrift(t.Thrift, base, name) })
}

// TypesFor gives the entries that name a message.
func (f *File) TypesFor(full string) []*Type {
	if f == nil {
		return nil
	}
	return where(f.Types, func(t *Type) bool { return IsProto(t.Proto, full) })
}

// Pair gives the entries that hold for a struct paired with a message.
func (f *File) Pair(base, name, full string) []*Type {
	if f == nil {
		return nil
	}
	return where(f.Types, func(t *Type) bool {
		return (t.Thrift == "" || IsThrift(t.Thrift, base, name)) && (t.Proto == "" || IsProto(t.Proto, full))
	})
}

// EnumOf gives the entry that names a Thrift enum, nil where there is none.
func (f *File) EnumOf(base, name string) *Enum {
	if f == nil {
		return nil
	}
	return first(f.Enums, func(e *Enum) bool { return IsThrift(e.Thrift, base, name) })
}

// EnumFor gives the entry that names a protobuf enum, nil where there is none.
func (f *File) EnumFor(full string) *Enum {
	if f == nil {
		return nil
	}
	return first(f.Enums, func(e *Enum) bool { return IsProto(e.Proto, full) })
}

// EnumPair gives the entry for two enums, nil where there is none.
func (f *File) EnumPair(base, name, full string) *Enum {
	if f == nil {
		return nil
	}
	return first(f.Enums, func(e *Enum) bool {
		return (e.Thrift == "" || IsThrift(e.Thrift, base, name)) && (e.Proto == "" || IsProto(e.Proto, full))
	})
}

// ExceptionOf gives the entry for a Thrift exception, nil where there is none.
func (f *File) ExceptionOf(base, name string) *Exception {
	if f == nil {
		return nil
	}
	return first(f.Exceptions, func(e *Exception) bool { return IsThrift(e.Thrift, base, name) })
}

// Policies gives the policy section; it is empty for a nil File.
func (f *File) Policies() Policy {
	if f == nil {
		return Policy{}
	}
	return f.Policy
}

func where[T any](list []T, ok func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(list), func(v T) bool { return !ok(v) })
}

func first[T any](list []*T, ok func(*T) bool) *T {
	for _, v := range list {
		if ok(v) {
			return v
		}
	}
	return nil
}
