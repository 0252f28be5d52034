package parquetfile_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"sojourn/internal/parquetfile"
)

func TestTextsOfAnyFile(t *testing.T) {
	data, err := parquetfile.Encode([]visit{{User: "ann", Country: "PT"}, {User: "ann"}, {User: "bob", Country: "PT"}, {User: "ann", Country: "DE"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	if err := parquetfile.Texts(data, func(column string, text []byte) { got[column] = append(got[column], string(text)) }); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"user": {"ann", "bob", "ann"}, "country": {"PT", "DE"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	if err := parquetfile.Texts(data[:len(data)-9], func(string, []byte) {}); err == nil {
		t.Error("a damaged file is no error")
	}
}
