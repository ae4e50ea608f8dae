package testpeers

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
)

// Case is one call of service Everything with its answer. Values are in the JSON form of the .proto view
// (idl/everything.proto), which the Thrift peers read as well: a container in a container stands in {"items": ...}, a
// map whose key protobuf does not take is a list of {"key": ..., "value": ...}, enums are numbers.
//
// The same file, cases.json, is read by the peers in Go and in Python.
type Case struct {
	Name      string
	Method    string          // the Thrift name
	Request   json.RawMessage // the arguments by name, in the order of the IDL
	Response  json.RawMessage // nil without Exception: {"success": the request's value}
	Exception *Exception
}

// Exception is what a call ends with instead of a response.
type Exception struct {
	Name  string          // the Thrift name; "" for an error that the method does not declare
	Code  string          // the gRPC status code's name
	Value json.RawMessage // the exception's fields
}

//go:embed cases.json
var casesJSON []byte

// Cases gives all cases of cases.json.
func Cases() []Case {
	var cases []Case
	if err := json.Unmarshal(casesJSON, &cases); err != nil {
		panic(fmt.Sprintf("testpeers: cases.json: %v", err)) // embedded: wrong at the time of writing
	}
	for i := range cases {
		c := &cases[i]
		if c.Response != nil || c.Exception != nil {
			continue
		}
		args := c.Arguments()
		c.Response, _ = json.Marshal(map[string]json.RawMessage{"success": args[0]})
	}
	return cases
}

// Arguments gives the request's values in the order in which they stand.
func (c *Case) Arguments() []json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(c.Request))
	var args []json.RawMessage
	if _, err := d.Token(); err != nil { // {
		panic(fmt.Sprintf("testpeers: case %s: %v", c.Name, err))
	}
	for d.More() {
		var value json.RawMessage
		_, err := d.Token() // the name
		if err == nil {
			err = d.Decode(&value)
		}
		if err != nil {
			panic(fmt.Sprintf("testpeers: case %s: %v", c.Name, err))
		}
		args = append(args, value)
	}
	return args
}

// Success gives the response's result, nil for a void method.
func (c *Case) Success() json.RawMessage {
	var r struct{ Success json.RawMessage }
	if c.Response == nil || json.Unmarshal(c.Response, &r) != nil {
		return nil
	}
	return r.Success
}

// SetMethod tells whether a method's own value is a set, whose order means nothing.
func (c *Case) SetMethod() bool { return c.Method == "echoSet" }
