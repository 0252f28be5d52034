package load

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// identifies tells names of columns that are, or point at, a person or their
// device.
var identifies = regexp.MustCompile(`(^|_)(user_id|device_id|session_id|event_id|anonymous_id|visitor_id|distinct_id|ip|ips|ip_address|ipaddress|email|e_mail|mail|phone|msisdn|` +
	`first_name|last_name|full_name|user_name|username|address|street|zip|postcode|latitude|longitude|lat|lon|lng|birthday|birthdate|age|gender|` +
	`idfa|idfv|gaid|adid|advertising_id|token|cookie|fingerprint|user_agent|properties)$`)

// No column about people can be added without saying in docs/security.md why it
// is there.
func TestColumnsAboutPeopleAreInThePolicy(t *testing.T) {
	policy := readPolicy(t)
	have := map[string]bool{}
	for _, table := range Tables() {
		personal := slices.ContainsFunc(table.Columns, func(c Column) bool { return c.Name == "user_id" || c.Name == "session_id" })
		for _, c := range table.Columns {
			if identifies.MatchString(c.Name) || personal && c.Type == String {
				have[table.Name+"."+c.Name] = true
			}
		}
	}
	for _, column := range slices.Sorted(maps.Keys(have)) {
		if !policy[column] {
			t.Errorf("%s is about people and not under \"Columns about people\" in docs/security.md: say there why it is kept, or leave it out", column)
		}
	}
	for _, column := range slices.Sorted(maps.Keys(policy)) {
		if !have[column] {
			t.Errorf("docs/security.md has %s, which is no such column", column)
		}
	}
}

// readPolicy reads the table of columns and tables.
func readPolicy(t *testing.T) map[string]bool {
	t.Helper()
	page, err := os.ReadFile("../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "\n## Columns about people\n")
	if !found {
		t.Fatal("docs/security.md has no heading for columns about people")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	policy := map[string]bool{}
	for line := range strings.Lines(section) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[1], "`") {
			continue
		}
		if strings.TrimSpace(cells[3]) == "" {
			t.Errorf("no reason in %q", line)
		}
		for column := range strings.SplitSeq(cells[1], ",") {
			for table := range strings.SplitSeq(cells[2], ",") {
				policy[strings.TrimSpace(table)+"."+strings.Trim(column, " `")] = true
			}
		}
	}
	return policy
}
