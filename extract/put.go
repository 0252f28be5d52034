package extract

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"

	"sojourn/internal/bucket"
	"sojourn/internal/lake"
)

// put stores an object and returns its size and digest.
func put(ctx context.Context, b *bucket.Bucket, name string, write func(io.Writer) error) (lake.File, error) {
	file := lake.File{Object: name}
	err := b.Put(ctx, name, func(w io.Writer) error {
		digest := sha256.New()
		counted := &counter{w: io.MultiWriter(w, digest)}
		if err := write(counted); err != nil {
			return err
		}
		file.Bytes = counted.bytes
		file.SHA256 = hex.EncodeToString(digest.Sum(nil))
		return nil
	})
	return file, err
}

type counter struct {
	w     io.Writer
	bytes int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.bytes += int64(n)
	return n, err
}
