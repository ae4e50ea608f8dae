package grpcpeer_test

import (
	"encoding/json"
	"testing"

	"weft/testpeers"
	"weft/testpeers/grpcpeer"
)

func TestClientAgainstServer(t *testing.T) {
	server := grpcpeer.Start(t)
	grpcpeer.CheckAll(t, grpcpeer.Dial(t, server.Addr))
	if n := server.Calls("Notify"); n != 2 {
		t.Errorf("the server counted %d calls of Notify, want 2", n)
	}
}

// The check has to see what differs.
func TestCheckSeesDifferences(t *testing.T) {
	conn := grpcpeer.Dial(t, grpcpeer.Start(t).Addr)
	tests := []struct{ name, method, request, response string }{
		{"i8", "echoI8", `{"value": 1}`, `{"success": 2}`},
		{"sign of zero", "echoScalars", `{"value": {"real": -0.0}}`, `{"success": {"real": 1}}`},
		{"presence", "echoOptionalScalars", `{"value": {"tiny": 0}}`, `{"success": {}}`},
		{"order of a list", "echoNames", `{"value": ["a", "b"]}`, `{"success": ["b", "a"]}`},
		{"key of a map", "echoMaps", `{"value": {"byKey": [{"key": {"shard": 1, "name": "a"}, "value": "v"}]}}`,
			`{"success": {"byKey": [{"key": {"shard": 2, "name": "a"}, "value": "v"}]}}`},
		{"union", "echoChoice", `{"value": {"number": 1}}`, `{"success": {"text": "1"}}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := testpeers.Case{Name: test.name, Method: test.method, Request: json.RawMessage(test.request), Response: json.RawMessage(test.response)}
			if err := grpcpeer.Check(t.Context(), conn, c); err == nil {
				t.Error("no difference found")
			}
		})
	}
	want := testpeers.Case{Name: "exception", Method: "find", Request: json.RawMessage(`{"id": "1500"}`),
		Exception: &testpeers.Exception{Name: "Rejected", Code: "NOT_FOUND", Value: json.RawMessage(`{}`)}}
	if grpcpeer.Check(t.Context(), conn, want) == nil {
		t.Error("another exception passes")
	}
}
