package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"sojourn/internal/bucket"
)

// ReadFile reads a file and makes sure that it is the one that its manifest
// means.
func ReadFile(ctx context.Context, b *bucket.Bucket, f File) ([]byte, error) {
	data, err := b.Read(ctx, f.Object)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != f.SHA256 {
		return nil, fmt.Errorf("%s of %s is damaged, or was changed: it is not what its manifest says; sojourn verify finds all such files and says how to mend them", f.Object, b)
	}
	return data, nil
}
