// Package binding reads the binding file: what a team writes down where the names of its .thrift and .proto files
// do not say by themselves what corresponds to what.
//
// Parse checks the form of the file; whether the names in it exist is for package schema, which knows the IDLs.
package binding
