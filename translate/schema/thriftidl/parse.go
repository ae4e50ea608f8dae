package thriftidl

func base(name string) string { panic("contract") }

// Parse reads name and all that it includes. Files are the parsed files, name first; problems are all errors and warnings found. An error
// among the problems means that files must not be used.
func Parse(name string, o Options) (files []*File, problems []Problem) { panic("contract") }
