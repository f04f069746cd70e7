// Choosing-containerd-1 says which manifest of an image index containerd 1.6 and 1.7 take by themselves, with the code of
// 1.7. A line of JSON is answered with one: the digest, or the empty text where it takes none.
package main

import (
	"bytes"
	"context"
	"strconv"
	"strings"

	"github.com/containerd/containerd/content"
	"github.com/containerd/containerd/images"
	"github.com/containerd/platforms"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"metahub.dev/test/binaries/asking"
)

type answer struct {
	Containerd1 digest.Digest `json:"containerd1"`
}

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

type provider struct{ *asking.Shelf }

func (p provider) ReaderAt(_ context.Context, desc ocispec.Descriptor) (content.ReaderAt, error) {
	text, err := p.Read(desc)
	return blob{bytes.NewReader([]byte(text))}, err
}

// windows is platforms.Default of 1.7 on Windows, which no other system compiles: its own architecture before 386, each in
// a version that the host runs (platforms v0.2.1, windowsmatcher and checkHostAndContainerCompat).
type windows struct {
	matchers []platforms.Matcher
	version  string
}

func (w windows) rank(p ocispec.Platform) int {
	for i, m := range w.matchers {
		if m.Match(p) && (p.OSVersion == "" || runs(w.version, p.OSVersion)) {
			return i
		}
	}
	return len(w.matchers)
}

func (w windows) Match(p ocispec.Platform) bool   { return w.rank(p) < len(w.matchers) }
func (w windows) Less(a, b ocispec.Platform) bool { return w.rank(a) < w.rank(b) }

// runs: Windows Server 2022 and later run images from that release up to their own build, older ones their own build.
func runs(host, image string) bool {
	const server2022 = 20348
	h, i := numbers(host), numbers(image)
	if h[0] != i[0] || h[1] != i[1] {
		return false
	}
	if h[2] < server2022 {
		return h[2] == i[2]
	}
	return i[2] >= server2022 && i[2] <= h[2]
}

func numbers(version string) (n [3]int) {
	parts := strings.Split(version, ".")
	for at := 0; len(parts) >= 3 && at < 3; at++ {
		n[at], _ = strconv.Atoi(parts[at])
	}
	return n
}

func matcherOf(host ocispec.Platform) platforms.MatchComparer {
	if host.OS != "windows" {
		return platforms.Only(host)
	}
	fallback := host
	fallback.Architecture = "386"
	return windows{[]platforms.Matcher{platforms.NewMatcher(host), platforms.NewMatcher(fallback)}, host.OSVersion}
}

func choose(q asking.Question) (answer, error) {
	shelf := &asking.Shelf{Blobs: q.Blobs}
	root := ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: q.Root, Size: int64(len(q.Blobs[q.Root]))}
	if _, err := images.Manifest(context.Background(), provider{shelf}, root, matcherOf(q.Host)); err != nil {
		return answer{}, nil
	}
	return answer{Containerd1: shelf.Last}, nil
}

func main() { asking.Main(choose) }
