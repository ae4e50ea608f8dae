package schema

// Source names the files of one schema, as the configuration has them; paths are already made relative to
// the working directory.
type Source struct {
	Name        string
	Files       []string // .thrift, .proto, .binpb or .pb (FileDescriptorSet)
	ImportPaths []string
	Binding     string // "" where there is none
	Strict      bool
}

// Load reads, checks and matches the files of src. The error is of type Problems and holds every error and warning
// found; on success the warnings are in Schema.Warnings.
func Load(src Source) (*Schema, error) { panic("contract") }
