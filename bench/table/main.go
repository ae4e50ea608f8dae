// Command table measures a call's way through weft and through the hand-written shim (bench/shim), in the same run and
// by turns, and prints CPU time of the process in the middle per call, calls per second and latency as a table.
//
//	table -weft bin/weft -shim bin/shim -results bench/results
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// options of a run.
type options struct {
	weft, shim string
	rounds     int
	warmUp     time.Duration
	duration   time.Duration
	folder     string // bench
}

func main() {
	o := options{}
	flag.StringVar(&o.weft, "weft", "", "weft's binary; without one only the shim is measured")
	flag.StringVar(&o.shim, "shim", "", "the shim's binary")
	flag.IntVar(&o.rounds, "rounds", 3, "turns of each process")
	flag.DurationVar(&o.warmUp, "warmup", time.Second, "load before each measurement")
	flag.DurationVar(&o.duration, "time", 3*time.Second, "length of each measurement")
	flag.StringVar(&o.folder, "folder", "bench", "the folder with weft's configuration files")
	results := flag.String("results", "", "folder to write the tables to, as <date>-<commit>.md")
	only := flag.String("only", "", "regular expression: the scenarios to run")
	codec := flag.String("codec", "", "file with the output of the codec benchmarks, to stand behind the tables")
	flag.Parse()
	if err := run(o, *only, *codec, *results); err != nil {
		fmt.Fprintf(os.Stderr, "table: %v\n", err)
		os.Exit(1)
	}
}

func run(o options, only, codec, results string) error {
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("read -only: %w", err)
	}
	about := machine()
	var text strings.Builder
	say := func(s string) {
		fmt.Print(s)
		text.WriteString(s)
	}
	say(about.header(o))
	for _, s := range scenarios {
		if !wanted.MatchString(s.name) {
			continue
		}
		rows, err := s.measure(o)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		say(table(s, rows))
	}
	if codec != "" {
		b, err := os.ReadFile(codec)
		if err != nil {
			return fmt.Errorf("read the codec benchmarks: %w", err)
		}
		say("## Codec alone\n\n" + codecTable(string(b)) + "\n```\n" + string(b) + "```\n")
	}
	if results == "" {
		return nil
	}
	if err := os.MkdirAll(results, 0o755); err != nil {
		return fmt.Errorf("make the folder for results: %w", err)
	}
	name := filepath.Join(results, about.date+"-"+about.commit+".md")
	fmt.Println("written to", name)
	return os.WriteFile(name, []byte(text.String()), 0o644)
}
