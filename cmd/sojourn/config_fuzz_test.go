package main

import (
	"os"
	"runtime"
	"testing"
)

// Whatever a configuration says, it is one or is refused with the reasons, in
// little memory.
func FuzzConfig(f *testing.F) {
	for _, text := range []string{
		"sources: [{name: app, url: ./raw, format: ndjson}]", "sources:\n- name: ../x\n  url: ''\n  format: no", "session: {timeout: 99999999999h}",
		"memory: 9223372036854775807GiB", "limits: {max_ratio: -1}", "a: &a [*a]", "a: &a {<<: *a}", "segments: {x: {rules: [{name: y, when: '((('}]}}",
		"compare_definitions: [{name: ../../x}]", "timezone: ../../../etc/passwd", "features: {'../x': [a]}", "? [a]\n: b", "- - - -", "\x00", "%YAML 1.1\n---\n",
		"retention: [{name: '', by: week, periods: 1e9}]", "schedule: {cron: '@every 1ns', timezone: '0'}", "max_bad_share: NaN%",
	} {
		f.Add([]byte(text))
	}
	if sample, err := os.ReadFile("../../bench/sojourn.yaml"); err == nil {
		f.Add(sample)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 64<<10 {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		cfg, err := parseConfig(text)
		if err == nil {
			err = cfg.validate()
		}
		if err == nil {
			cfg.analysis() // it is valid
			cfg.compared() // likewise
		}
		runtime.ReadMemStats(&after)
		if got, most := int64(after.TotalAlloc-before.TotalAlloc), int64(64<<20+4000*len(text)); got > most {
			t.Errorf("%d bytes made it allocate %d MiB (%v)", len(text), got>>20, err)
		}
	})
}
