// Choosing says which manifest of an image index container runtimes take by themselves, with their own code.
//
// It reads one case a line, in JSON: the host's platform, the digest of an OCI image index, and all content by digest.
// It writes one answer a line: the digest that each runtime takes, or the empty text where it takes none.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"go.podman.io/image/v5/manifest"
	"go.podman.io/image/v5/types"
)

type question struct {
	Host  ocispec.Platform         `json:"host"`
	Root  digest.Digest            `json:"root"`
	Blobs map[digest.Digest]string `json:"blobs"`
}

type answer struct {
	Containerd      digest.Digest `json:"containerd"`
	ContainersImage digest.Digest `json:"containersImage"`
}

// shelf hands out the content of a question, and remembers the manifest that was read last.
type shelf struct {
	blobs map[digest.Digest]string
	last  digest.Digest
}

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

func (s *shelf) ReaderAt(_ context.Context, desc ocispec.Descriptor) (content.ReaderAt, error) {
	text, ok := s.blobs[desc.Digest]
	if !ok {
		return nil, errors.New("not in the question")
	}
	if images.IsManifestType(desc.MediaType) {
		s.last = desc.Digest
	}
	return blob{bytes.NewReader([]byte(text))}, nil
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

func containerd(q question) digest.Digest {
	provider := &shelf{blobs: q.Blobs}
	root := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: q.Root, Size: int64(len(q.Blobs[q.Root]))}
	if _, err := images.Manifest(context.Background(), provider, root, matcherOf(q.Host)); err != nil {
		return ""
	}
	return provider.last
}

// containersImage is the choice of CRI-O: copy.Image asks once, and takes no index for an image (copy/single.go). There
// is no CRI-O for Windows.
func containersImage(q question) (digest.Digest, error) {
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

func run(in io.Reader, out io.Writer) error {
	reader := json.NewDecoder(bufio.NewReader(in))
	buffered := bufio.NewWriter(out)
	writer := json.NewEncoder(buffered)
	for {
		var q question
		if err := reader.Decode(&q); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return err
		}
		other, err := containersImage(q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Root, err)
		}
		if err := writer.Encode(answer{Containerd: containerd(q), ContainersImage: other}); err != nil {
			return err
		}
	}
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
