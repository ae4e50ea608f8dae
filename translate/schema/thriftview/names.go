package thriftview

import (
	"path"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"

	"weft/translate/schema/thriftidl"
)

// reserved are the words that Apache's compiler takes for no name: keywords of the IDL and of the languages it writes.
var reserved = words(`
	BEGIN END __CLASS__ __DIR__ __FILE__ __FUNCTION__ __LINE__ __METHOD__ __NAMESPACE__
	abstract alias and args as assert async begin binary bool break byte case catch class clone const continue cpp_include
	cpp_type declare def default del delete do double dynamic elif else elseif elsif end enddeclare endfor endforeach endif
	endswitch endwhile ensure enum except exception exec extends false finally float for foreach from function global goto i16
	i32 i64 i8 if implements import in include inline instanceof interface is lambda list map module namespace native new
	next nil not oneway optional or package pass print private protected public py_module raise redo reference register
	required rescue retry return self senum service set sizeof slist static string struct super switch synchronized
	then this throw throws transient true try typedef undef union unless unsigned until use uuid var virtual void volatile
	when while with xor xsd_all xsd_attrs xsd_nillable xsd_optional yield`)

func words(text string) map[string]bool {
	set := map[string]bool{}
	for w := range strings.FieldsSeq(text) {
		set[w] = true
	}
	return set
}

// identifier gives the name itself, with an underscore behind it where Thrift reserves it.
func identifier(name string) string {
	if reserved[name] {
		return name + "_"
	}
	return name
}

// typeName is the name of a type within its package, nested ones joined with underscores: Outer_Inner.
func typeName(d protoreflect.Descriptor) string {
	name := string(d.FullName())
	if pkg := d.ParentFile().Package(); pkg != "" {
		name = strings.TrimPrefix(name, string(pkg)+".")
	}
	return identifier(strings.ReplaceAll(name, ".", "_"))
}

// fileName is the path of the .proto with everything but letters and digits turned into underscores: its base is the
// prefix under which other files name the types, so that it has to be an identifier and unique.
func fileName(p string) string {
	return plain(strings.TrimSuffix(p, path.Ext(p))) + ".thrift"
}

func plain(name string) string {
	name = strings.Map(func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		name = "_" + name
	}
	return name
}

// namespaces: every generator gets the package and the file's name, because most of them put a file each into a
// namespace; the protobuf package is kept for weft. In Python a folder google would hide protobuf's own package of that
// name from programs that use both.
func namespaces(fd protoreflect.FileDescriptor, pos thriftidl.Pos) []thriftidl.Namespace {
	base := plain(strings.TrimSuffix(path.Base(fd.Path()), path.Ext(fd.Path())))
	pkg := string(fd.Package())
	if pkg == "" {
		return []thriftidl.Namespace{{Pos: pos, Scope: "*", Name: base}}
	}
	list := []thriftidl.Namespace{{Pos: pos, Scope: "*", Name: pkg + "." + base}, {Pos: pos, Scope: "proto", Name: pkg}}
	if pkg == "google" || strings.HasPrefix(pkg, "google.") {
		list = append(list, thriftidl.Namespace{Pos: pos, Scope: "py", Name: plain(pkg) + "." + base})
	}
	return list
}

// doc is the comment before a declaration.
func doc(d protoreflect.Descriptor) string {
	return strings.TrimSpace(d.ParentFile().SourceLocations().ByDescriptor(d).LeadingComments)
}
