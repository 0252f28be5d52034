package lake

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"

	"sojourn/internal/bucket"
	"sojourn/internal/spool"
)

// ReadFile reads a file and makes sure that it is the one that its manifest
// means.
func ReadFile(ctx context.Context, b *bucket.Bucket, f File) ([]byte, error) {
	data, err := b.Read(ctx, f.Object)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	if err := isMeant(b, f, sum[:]); err != nil {
		return nil, err
	}
	return data, nil
}

// CopyFile is ReadFile for a file that may be large. Of another one than is
// meant, all has been copied when that is found.
func CopyFile(ctx context.Context, b *bucket.Bucket, f File, to *spool.Buffer) error {
	r, err := b.Open(ctx, f.Object)
	if err != nil {
		return err
	}
	defer r.Close() // read-only: nothing to lose
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(to, sum), r); err != nil {
		verb := "read"
		if room := (*spool.Error)(nil); errors.As(err, &room) {
			verb = "hold" // nothing is wrong with the lake
		}
		return fmt.Errorf("%s %s of %s: %w", verb, f.Object, b, err)
	}
	return isMeant(b, f, sum.Sum(nil))
}

// A DamagedError says that a file of the lake is not what its manifest says.
type DamagedError struct{ Object, Lake string }

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s of %s is damaged, or was changed: it is not what its manifest says; sojourn verify finds all such files and says how to mend them", e.Object, e.Lake)
}

func isMeant(b *bucket.Bucket, f File, sum []byte) error {
	if hex.EncodeToString(sum) != f.SHA256 {
		return &DamagedError{f.Object, b.String()}
	}
	return nil
}
