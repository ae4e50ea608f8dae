package thriftpeer_test

import (
	"encoding/json"
	"testing"

	"weft/testpeers"
	"weft/testpeers/thriftpeer"
)

func TestClientAgainstServer(t *testing.T) {
	for _, wire := range thriftpeer.Wires() {
		t.Run(wire.String(), func(t *testing.T) {
			server := thriftpeer.Start(t, wire)
			thriftpeer.CheckAll(t, thriftpeer.Dial(t, server.Addr, wire))
			if n := server.Calls("notify"); n != 2 {
				t.Errorf("the server counted %d calls of notify, want 2", n)
			}
			if n := server.Connections(); n != 1 {
				t.Errorf("the server counted %d connections, want 1", n)
			}
		})
	}
}

// The check has to see what differs.
func TestCheckSeesDifferences(t *testing.T) {
	wire := thriftpeer.Wires()[0]
	client := thriftpeer.Dial(t, thriftpeer.Start(t, wire).Addr, wire)
	tests := []struct{ name, method, request, response string }{
		{"i8", "echoI8", `{"value": 1}`, `{"success": 2}`},
		{"sign of zero", "echoDouble", `{"value": -0.0}`, `{"success": 0}`},
		{"presence", "echoOptionalScalars", `{"value": {"tiny": 0}}`, `{"success": {}}`},
		{"order of a list", "echoNames", `{"value": ["a", "b"]}`, `{"success": ["b", "a"]}`},
		{"key of a map", "echoMaps", `{"value": {"byKey": [{"key": {"shard": 1, "name": "a"}, "value": "v"}]}}`,
			`{"success": {"byKey": [{"key": {"shard": 2, "name": "a"}, "value": "v"}]}}`},
		{"union", "echoChoice", `{"value": {"number": 1}}`, `{"success": {"text": "1"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := testpeers.Case{Name: test.name, Method: test.method, Request: json.RawMessage(test.request), Response: json.RawMessage(test.response)}
			if err := thriftpeer.Check(t.Context(), client, c); err == nil {
				t.Error("no difference found")
			}
		})
	}
	want := testpeers.Case{Name: "exception", Method: "find", Request: json.RawMessage(`{"id": "1500"}`),
		Exception: &testpeers.Exception{Name: "Rejected", Value: json.RawMessage(`{}`)}}
	if thriftpeer.Check(t.Context(), client, want) == nil {
		t.Error("another exception passes")
	}
}
