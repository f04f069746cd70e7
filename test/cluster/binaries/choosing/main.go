// Choosing says which manifest of an image index containerd 2 and CRI-O take by themselves, with their own code. A line of
// JSON is answered with one: the digests, or the empty text where one takes none.
package main

import (
	"bytes"
	"context"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"
	"metahub.dev/test/binaries/asking"
)

type answer struct {
	Containerd      digest.Digest `json:"containerd2"`
	ContainersImage digest.Digest `json:"criO"`
}

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

type provider struct{ *asking.Shelf }

func (p provider) ReaderAt(_ context.Context, desc ocispec.Descriptor) (content.ReaderAt, error) {
	text, err := p.Read(desc)
	return blob{bytes.NewReader([]byte(text))}, err
}

// windows is the order of containerd's platforms.Default on Windows, which no other system compiles: what matches goes
// first, and of two that do the one whose version is the later text (platforms, windowsMatchComparer).
type windows struct{ platforms.Matcher }

func (w windows) Less(a, b ocispec.Platform) bool {
	fits, other := w.Match(a), w.Match(b)
	if fits && other {
		return a.OSVersion > b.OSVersion
	}
	return fits && !other
}

// matcherOf is platforms.Default on such a host.
func matcherOf(host ocispec.Platform) platforms.MatchComparer {
	if host.OS == "windows" {
		return windows{platforms.NewMatcher(host)}
	}
	return platforms.Only(host)
}

func containerd(q asking.Question) digest.Digest {
	shelf := &asking.Shelf{Blobs: q.Blobs}
	root := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: q.Root, Size: int64(len(q.Blobs[q.Root]))}
	if _, err := images.Manifest(context.Background(), provider{shelf}, root, matcherOf(q.Host)); err != nil {
		return ""
	}
	return shelf.Last
}

// containersImage is the choice of CRI-O: copy.Image asks once, and takes no index for an image (copy/single.go). There
// is no CRI-O for Windows.
func containersImage(q asking.Question) (digest.Digest, error) {
	if q.Host.OS == "windows" {
		return "", nil
	}
	list, err := manifest.ListFromBlob([]byte(q.Blobs[q.Root]), ocispec.MediaTypeImageIndex)
	if err != nil {
		return "", err
	}
	host := &types.SystemContext{
		ArchitectureChoice: q.Host.Architecture,
		OSChoice:           q.Host.OS,
		VariantChoice:      q.Host.Variant,
	}
	chosen, err := list.ChooseInstance(host)
	if err != nil {
		return "", nil
	}
	instance, err := list.Instance(chosen)
	if err != nil {
		return "", err
	}
	if !images.IsManifestType(instance.MediaType) {
		return "", nil
	}
	return chosen, nil
}

func choose(q asking.Question) (answer, error) {
	other, err := containersImage(q)
	return answer{Containerd: containerd(q), ContainersImage: other}, err
}

func main() { asking.Main(choose) }
