// Package asking is what the programs share that say which manifest of an image index a container runtime takes.
//
// Each reads one case a line, in JSON, and writes one answer a line.
package asking

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Question is a case: the host's platform, the digest of an OCI image index, and all content by digest.
type Question struct {
	Host  ocispec.Platform         `json:"host"`
	Root  digest.Digest            `json:"root"`
	Blobs map[digest.Digest]string `json:"blobs"`
}

// Shelf hands out the content of a question, and remembers the manifest that was read last.
type Shelf struct {
	Blobs map[digest.Digest]string
	Last  digest.Digest
}

var manifestTypes = []string{
	ocispec.MediaTypeImageManifest,
	"application/vnd.docker.distribution.manifest.v2+json",
}

// Read gives the content that a descriptor names.
func (s *Shelf) Read(desc ocispec.Descriptor) (string, error) {
	text, ok := s.Blobs[desc.Digest]
	if !ok {
		return "", errors.New("not in the question")
	}
	if slices.Contains(manifestTypes, desc.MediaType) {
		s.Last = desc.Digest
	}
	return text, nil
}

// Main answers the questions of standard input on standard output.
func Main[A any](answer func(Question) (A, error)) {
	if err := run(os.Stdin, os.Stdout, answer); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run[A any](in io.Reader, out io.Writer, answer func(Question) (A, error)) error {
	reader := json.NewDecoder(bufio.NewReader(in))
	buffered := bufio.NewWriter(out)
	writer := json.NewEncoder(buffered)
	for {
		var q Question
		if err := reader.Decode(&q); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return err
		}
		given, err := answer(q)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Root, err)
		}
		if err := writer.Encode(given); err != nil {
			return err
		}
	}
}
