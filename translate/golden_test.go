package translate_test

import (
	"bytes"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"weft/translate"
)

var update = flag.Bool("update", false, "write the wires of testdata/golden.txt anew, by dynamicpb and Apache's library")

// golden is one entry of testdata/golden.txt: an order as JSON, and the same as a protobuf message and as the argument struct of
// place in Thrift's protocols.
type golden struct {
	name, json string
	wires      [3][]byte // protobuf, binary, compact
}

var wireNames = [3]string{"proto", "binary", "compact"}

const goldenFile = "testdata/golden.txt"

// readGolden reads entries of "key: value" lines, separated by empty lines; # starts a comment.
func readGolden(t testing.TB) []golden {
	t.Helper()
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var all []golden
	for n, line := range strings.Split(string(text), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		rest = strings.TrimSpace(rest)
		switch {
		case line == "" || line[0] == '#':
		case key == "name":
			all = append(all, golden{name: rest})
		case key == "json":
			all[len(all)-1].json = rest
		default:
			i := 0
			for i < 3 && wireNames[i] != key {
				i++
			}
			if i == 3 {
				t.Fatalf("%s:%d: %q is no key", goldenFile, n+1, key)
			}
			all[len(all)-1].wires[i] = unhex(t, rest)
		}
	}
	return all
}

func TestGolden(t *testing.T) {
	m := orders(t)
	method := compileMethod(t, m)
	if *update {
		updateGolden(t)
	}
	for _, g := range readGolden(t) {
		t.Run(g.name, func(t *testing.T) {
			if wire := orderWire(t, m, g.json); !bytes.Equal(wire, g.wires[0]) {
				t.Errorf("protobuf writes the JSON as %x", wire)
			}
			for i, p := range both {
				var o, back translate.Out
				unknown, err := method.RequestToThrift(&o, p, g.wires[0])
				if err != nil || unknown != 0 || !bytes.Equal(o.B, g.wires[i+1]) {
					t.Errorf("%s: got %x, %d unknown, error %v", wireNames[i+1], o.B, unknown, err)
				}
				n, unknown, err := method.RequestToProto(&back, p, g.wires[i+1])
				if err != nil || unknown != 0 || n != len(g.wires[i+1]) || !bytes.Equal(back.B, g.wires[0]) {
					t.Errorf("proto from %s: got %x from %d bytes, %d unknown, error %v", wireNames[i+1], back.B, n, unknown, err)
				}
			}
		})
	}
}

// updateGolden keeps names, JSON and comments.
func updateGolden(t *testing.T) {
	m := orders(t)
	text, err := os.ReadFile(goldenFile)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, line := range strings.SplitAfter(string(text), "\n") {
		key, rest, _ := strings.Cut(line, ":")
		if key == "proto" || key == "binary" || key == "compact" {
			continue
		}
		out.WriteString(line)
		if key != "json" {
			continue
		}
		wire := orderWire(t, m, rest)
		msg := emptyOf(m.RequestDescriptor())
		if err := proto.Unmarshal(wire, msg.Interface()); err != nil {
			t.Fatal(err)
		}
		tree, err := toTree(m.Request.Message, msg)
		if err != nil {
			t.Fatal(err)
		}
		if m.Request.Bare {
			tree = value{kind: tree.kind, fields: []field{{m.Request.FieldID, tree}}}
		}
		fmt.Fprintf(&out, "proto:   %s\n", hex.EncodeToString(wire))
		for i, p := range both {
			fmt.Fprintf(&out, "%-8s %s\n", wireNames[i+1]+":", hex.EncodeToString(print(t, p, tree)))
		}
	}
	if err := os.WriteFile(goldenFile, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}
