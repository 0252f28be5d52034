// Package clouds links in the drivers of cloud buckets, gs://, s3:// and
// azblob://, and knows how each says that an object has been replaced.
package clouds

import (
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/gcsblob"   // gs://
	_ "gocloud.dev/blob/s3blob"    // s3://
)

// Version returns the generation or etag of a listed object; "" if its bucket
// is not one of a cloud.
func Version(o *blob.ListObject) string {
	var (
		google storage.ObjectAttrs
		amazon types.Object
		azure  container.BlobItem
	)
	switch {
	case o.As(&google):
		return strconv.FormatInt(google.Generation, 10)
	case o.As(&amazon) && amazon.ETag != nil:
		return strings.Trim(*amazon.ETag, `"`)
	case o.As(&azure) && azure.Properties != nil && azure.Properties.ETag != nil:
		return strings.Trim(string(*azure.Properties.ETag), `"`)
	}
	return ""
}
