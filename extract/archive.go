package extract

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"context"
	"fmt"
	"io"
	"path"
)

// eachFile calls visit for each file of an object that is a tar or zip archive,
// in order, with the file's name without folders; for an object that is not,
// once, without a name. The first error of visit ends it.
//
// A tar archive is read as it comes; a zip archive that is not in a directory
// is first copied to a temporary file.
func eachFile(ctx context.Context, s Source, object string, visit func(name string, data io.Reader) error) error {
	err := stream(ctx, s, object, func(data io.Reader) error { return eachStreamed(ctx, s.Limits, data, visit) })
	if err == errZip {
		return eachZipped(ctx, s, object, visit)
	}
	return err
}

// eachStreamed is eachFile for contents that are read in order.
func eachStreamed(ctx context.Context, l Limits, data io.Reader, visit func(name string, data io.Reader) error) error {
	b := bufio.NewReaderSize(data, blockSize)
	head, _ := b.Peek(512) // an error comes again with what there is to read
	switch {
	case len(head) < 262 || string(head[257:262]) != "ustar":
		return visit("", b)
	}
	files := tar.NewReader(b)
	unpacked := newAllowance(l) // files may have holes, which take nothing in the archive
	unpacked.size.Store(unpacked.limits.ObjectBytes)
	for {
		file, err := files.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("tar archive: %w", err)
		}
		if file.Typeflag != tar.TypeReg {
			continue
		}
		if err := visit(path.Base(file.Name), &bounded{ctx, files, unpacked}); err != nil {
			return err
		}
	}
}

func eachZipped(ctx context.Context, s Source, object string, visit func(name string, data io.Reader) error) error {
	spooled, err := spool(ctx, s.Bucket, object)
	if err != nil {
		return &lost{err}
	}
	defer spooled.Close() // read-only: nothing to lose
	files, err := zip.NewReader(spooled, spooled.size)
	if err != nil {
		return fmt.Errorf("zip archive: %w", err)
	}
	allowed := newAllowance(s.Limits)
	allowed.size.Store(spooled.size)
	for _, file := range files.File {
		if !file.Mode().IsRegular() {
			continue
		}
		if err := visitZipped(ctx, file, allowed, visit); err != nil {
			return err
		}
	}
	return nil
}

func visitZipped(ctx context.Context, file *zip.File, allowed *allowance, visit func(name string, data io.Reader) error) error {
	data, err := file.Open()
	if err != nil {
		return fmt.Errorf("zip archive: %s: %w", file.Name, err)
	}
	defer data.Close() // read-only: nothing to lose
	return visit(path.Base(file.Name), &bounded{ctx, data, allowed})
}
