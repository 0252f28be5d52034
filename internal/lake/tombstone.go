package lake

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"sojourn/internal/bucket"
)

// TombstoneFolder is where the tombstones of a lake are, and their salt.
const TombstoneFolder = "runs/tombstones/"

const (
	tombstones = TombstoneFolder
	saltObject = tombstones + "salt"
)

// A Tombstone keeps erased ids from coming back. It knows them by what they
// hash to under the salt of the lake, never by themselves.
type Tombstone struct {
	ID     string     `json:"id"` // four digits, counting up: that of the erasure
	Reason string     `json:"reason"`
	Given  int64      `json:"given"` // ids that the operator gave
	IDs    []ErasedID `json:"ids"`   // all ids of these people, sorted by hash
	Code   string     `json:"code"`  // version of the transform
	Run    string     `json:"run"`
	Made   time.Time  `json:"made"`

	// Salt is the SHA-256 of the salt: with another one nobody would be known.
	Salt string `json:"salt_sha256,omitempty"`
}

// An ErasedID is what a tombstone keeps of an id.
type ErasedID struct {
	HMAC  string `json:"hmac_sha256"` // hex
	Bytes int    `json:"bytes"`       // length of the id: without it a hash could not be looked for inside a text
}

// Tombstones reads all tombstones, oldest first.
func Tombstones(ctx context.Context, b *bucket.Bucket) ([]Tombstone, error) {
	return readAll[Tombstone](ctx, b, tombstones)
}

// WriteTombstone sets a tombstone. It must stand before anything is erased.
func WriteTombstone(ctx context.Context, b *bucket.Bucket, t Tombstone) error {
	return writeJSON(ctx, b, TombstoneObject(t.ID), t)
}

// TombstoneObject is where the tombstone of an erasure is kept.
func TombstoneObject(erasure string) string { return tombstones + erasure + ".json" }

// NewTombstone returns the tombstone after those for ids.
func (e *Erased) NewTombstone(done []Tombstone, ids []string) Tombstone {
	t := Tombstone{ID: nextErasure(done), Salt: fmt.Sprintf("%x", sha256.Sum256(e.salt))}
	for _, id := range ids {
		t.IDs = append(t.IDs, ErasedID{e.hash([]byte(id)), len(id)})
	}
	slices.SortFunc(t.IDs, func(a, b ErasedID) int { return cmp.Compare(a.HMAC, b.HMAC) })
	t.IDs = slices.Compact(t.IDs)
	return t
}

func nextErasure(done []Tombstone) string {
	last := 0
	for _, t := range done {
		n := 0
		fmt.Sscan(t.ID, &n) // written here
		last = max(last, n)
	}
	return fmt.Sprintf("%04d", last+1)
}

// Covers says whether the tombstone stands for every id of another.
func (t *Tombstone) Covers(o *Tombstone) bool {
	for _, id := range o.IDs {
		if !slices.Contains(t.IDs, id) {
			return false
		}
	}
	return true
}

// ReadErased returns who has been erased from the lake: nobody if nothing ever
// was. Tombstones whose salt is gone are an error, as nobody could tell whom
// they keep out.
func ReadErased(ctx context.Context, b *bucket.Bucket) (*Erased, error) {
	stones, err := Tombstones(ctx, b)
	if err != nil || len(stones) == 0 {
		return nil, err
	}
	salt, err := readSalt(ctx, b)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is gone from %s, without which its tombstones cannot tell who was erased: bring it back from a copy, such as an older version of the object", saltObject, b)
	}
	if err == nil {
		err = fits(salt, stones)
	}
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", saltObject, b, err)
	}
	return newErased(salt, stones), nil
}

// fits refuses a salt that is not the one of the tombstones.
func fits(salt []byte, stones []Tombstone) error {
	digest := fmt.Sprintf("%x", sha256.Sum256(salt))
	for _, t := range stones {
		if t.Salt != "" && t.Salt != digest {
			return fmt.Errorf("it is not the salt of tombstone %s, without which nobody can tell who was erased: bring it back from a copy", t.ID)
		}
	}
	return nil
}

// DrawErased is ReadErased of a lake that is about to get a tombstone: it has
// a salt afterwards. With dry set nothing is written, and the salt is forgotten.
func DrawErased(ctx context.Context, b *bucket.Bucket, dry bool) (*Erased, error) {
	erased, err := ReadErased(ctx, b)
	if err != nil || erased != nil {
		return erased, err
	}
	salt := make([]byte, 32)
	rand.Read(salt) // never fails
	if !dry {
		err = b.Create(ctx, saltObject, []byte(hex.EncodeToString(salt)+"\n"))
		if errors.Is(err, bucket.ErrExists) {
			salt, err = readSalt(ctx, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return newErased(salt, nil), nil
}

func readSalt(ctx context.Context, b *bucket.Bucket) ([]byte, error) {
	data, err := b.Read(ctx, saltObject)
	if err != nil {
		return nil, err
	}
	salt := make([]byte, 32)
	if n, err := hex.Decode(salt, data[:min(len(data), 64)]); err != nil || n != 32 || string(data) != hex.EncodeToString(salt)+"\n" {
		return nil, fmt.Errorf("%s of %s is damaged: bring it back from a copy", saltObject, b)
	}
	return salt, nil
}
