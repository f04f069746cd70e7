// Choosing-docker says which manifest of an image index Docker takes by itself where it keeps images in a graph driver,
// with the code of its daemon. A line of JSON is answered with one: the digest, or the empty text where it takes none.
package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/errdefs"
	containerdlog "github.com/containerd/log"
	"github.com/distribution/reference"
	"github.com/docker/docker/api/types/events"
	registrytypes "github.com/docker/docker/api/types/registry"
	"github.com/docker/docker/distribution"
	"github.com/docker/docker/pkg/progress"
	"github.com/docker/docker/registry"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"metahub.dev/test/binaries/asking"
)

type answer struct {
	Docker digest.Digest `json:"docker"`
}

type blob struct{ *bytes.Reader }

func (blob) Close() error { return nil }

// store holds all content of a question already, as if it had been pulled before.
type store struct{ *asking.Shelf }

var _ distribution.ContentStore = store{}

func (s store) ReaderAt(_ context.Context, desc ocispec.Descriptor) (content.ReaderAt, error) {
	text, err := s.Read(desc)
	return blob{bytes.NewReader([]byte(text))}, err
}

func (s store) Writer(context.Context, ...content.WriterOpt) (content.Writer, error) {
	return nil, errdefs.ErrAlreadyExists
}

func (s store) Info(_ context.Context, dgst digest.Digest) (content.Info, error) {
	source := map[string]string{"containerd.io/distribution.source.example.com": "image"}
	return content.Info{Digest: dgst, Labels: source}, nil
}

func (s store) Update(_ context.Context, info content.Info, _ ...string) (content.Info, error) {
	return info, nil
}

func (s store) Abort(context.Context, string) error { return nil }

// images has every configuration, so that nothing else of an image is asked for.
type images struct{}

func (images) Put(context.Context, []byte) (digest.Digest, error) {
	return "", errors.New("every configuration is there already")
}

func (images) Get(context.Context, digest.Digest) ([]byte, error) { return nil, nil }

type registries struct{ url *url.URL }

func (r registries) endpoints() ([]registry.APIEndpoint, error) {
	return []registry.APIEndpoint{{URL: r.url}}, nil
}

func (r registries) LookupPullEndpoints(string) ([]registry.APIEndpoint, error) { return r.endpoints() }
func (r registries) LookupPushEndpoints(string) ([]registry.APIEndpoint, error) { return r.endpoints() }
func (registries) ResolveAuthConfig(map[string]registrytypes.AuthConfig, reference.Named) registrytypes.AuthConfig {
	return registrytypes.AuthConfig{}
}

type daemon struct{ registry *url.URL }

func (d daemon) choose(q asking.Question) (answer, error) {
	// Its rule for Windows is compiled on Windows only.
	if q.Host.OS == "windows" {
		return answer{}, nil
	}
	ref, err := reference.ParseNormalizedNamed("example.com/image@" + q.Root.String())
	if err != nil {
		return answer{}, err
	}
	shelf := &asking.Shelf{Blobs: q.Blobs}
	config := &distribution.ImagePullConfig{
		Platform: &q.Host,
		Config: distribution.Config{
			AuthConfig:       &registrytypes.AuthConfig{},
			ProgressOutput:   progress.DiscardOutput(),
			RegistryService:  registries{d.registry},
			ImageEventLogger: func(context.Context, string, string, events.Action) {},
			ImageStore:       images{},
		},
	}
	if err := distribution.Pull(context.Background(), ref, config, store{shelf}); err != nil {
		return answer{}, nil
	}
	return answer{Docker: shelf.Last}, nil
}

func main() {
	log.SetOutput(io.Discard)
	containerdlog.L.Logger.SetOutput(io.Discard)
	// A registry that has nothing: the daemon wants one to be there.
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			http.NotFound(w, r)
		}
	}))
	defer empty.Close()
	at, err := url.Parse(empty.URL)
	if err != nil {
		log.Fatal(err)
	}
	asking.Main(daemon{at}.choose)
}
