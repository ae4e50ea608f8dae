package cli

import (
	"runtime/debug"
	"testing"
)

func TestBuildOf(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name            string
		info            debug.BuildInfo
		version, commit string
	}{
		{"nothing known", debug.BuildInfo{}, "(devel)", "unknown"},
		{"release", debug.BuildInfo{Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}}, "v1.2.3", "abc"},
		{"changed tree", debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "true"}, {Key: "vcs.revision", Value: "abc"}}}, "(devel)", "abc (modified)"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if b := buildOf(&c.info); b.Version != c.version || b.Commit != c.commit {
				t.Errorf("got %+v", b)
			}
		})
	}
}
