// Matching answers as Kubernetes' own packages do: whether selectors match, taints are tolerated and Pods have a place,
// which of two versions is later, and what a patch makes of a document.
//
// It reads one question a line, in JSON, of one of the kinds below, and writes one answer a line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/version"
	v1helper "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
	"k8s.io/kubernetes/pkg/scheduler/framework"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/helper"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/nodename"
	"k8s.io/kubernetes/pkg/scheduler/framework/plugins/noderesources"
)

// question has one of these.
type question struct {
	// LabelSelector against Labels.
	LabelSelector *metav1.LabelSelector `json:"labelSelector"`
	Labels        map[string]string     `json:"labels"`
	// Toleration against Taint.
	Toleration *v1.Toleration `json:"toleration"`
	Taint      *v1.Taint      `json:"taint"`
	// Quantity, in whole units, rounded up.
	Quantity *string `json:"quantity"`
	// Versions, two of numbers and dots: the sign of their order.
	Versions []string `json:"versions"`
	// Patch (RFC 6902) of Document, as the API server carries out an admission webhook's.
	Patch    json.RawMessage `json:"patch"`
	Document json.RawMessage `json:"document"`
	// Pod: the names of Nodes that it may land on, by the rules that do not change with what else runs there.
	Pod   *v1.Pod   `json:"pod"`
	Nodes []v1.Node `json:"nodes"`
}

type answer struct {
	Matches *bool     `json:"matches,omitempty"`
	Value   *int64    `json:"value,omitempty"`
	Nodes   *[]string `json:"nodes,omitempty"`
	Order   *int      `json:"order,omitempty"`
	// Document after the patch.
	Document json.RawMessage `json:"document,omitempty"`
	// Invalid where Kubernetes refuses to read it; Large for a quantity beyond 64 bits.
	Invalid bool `json:"invalid,omitempty"`
	Large   bool `json:"large,omitempty"`
}

func answerTo(logger klog.Logger, q question) (answer, error) {
	switch {
	case q.LabelSelector != nil:
		selector, err := metav1.LabelSelectorAsSelector(q.LabelSelector)
		if err != nil {
			return answer{Invalid: true}, nil
		}
		return matches(selector.Matches(labels.Set(q.Labels))), nil
	case q.Toleration != nil && q.Taint != nil:
		return matches(q.Toleration.ToleratesTaint(logger, q.Taint, true)), nil
	case q.Quantity != nil:
		return quantity(*q.Quantity), nil
	case len(q.Versions) == 2:
		return order(q.Versions[0], q.Versions[1])
	case q.Patch != nil:
		patch, err := jsonpatch.DecodePatch(q.Patch)
		if err != nil {
			return answer{}, err
		}
		patched, err := patch.Apply(q.Document)
		return answer{Document: patched}, err
	case q.Pod != nil:
		names := []string{}
		for i := range q.Nodes {
			lands, err := landsOn(logger, q.Pod, &q.Nodes[i])
			if err != nil {
				return answer{}, err
			}
			if lands {
				names = append(names, q.Nodes[i].Name)
			}
		}
		return answer{Nodes: &names}, nil
	default:
		return answer{}, errors.New("a question without one")
	}
}

func order(one, other string) (answer, error) {
	a, err := version.ParseGeneric(one)
	if err != nil {
		return answer{Invalid: true}, nil
	}
	sign, err := a.Compare(other)
	return answer{Order: &sign}, err
}

func matches(it bool) answer {
	return answer{Matches: &it}
}

func quantity(text string) answer {
	read, err := resource.ParseQuantity(text)
	if err != nil {
		return answer{Invalid: true}
	}
	// What is larger is cut to that when it is read.
	if read.CmpInt64(math.MaxInt64) >= 0 || read.CmpInt64(math.MinInt64) <= 0 {
		return answer{Large: true}
	}
	value := read.Value()
	return answer{Value: &value}
}

// landsOn asks what the scheduler's plugins NodeName, NodeAffinity, TaintToleration and NodeResourcesFit ask of an empty
// node.
func landsOn(logger klog.Logger, pod *v1.Pod, node *v1.Node) (bool, error) {
	info := framework.NewNodeInfo()
	info.SetNode(node)
	if !nodename.Fits(pod, info) {
		return false, nil
	}
	// A selector that cannot be read matches nothing, which the plugin says by an error of that node.
	if matched, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node); err != nil || !matched {
		return false, nil
	}
	lasting := helper.DoNotScheduleTaintsFilterFunc()
	if _, untolerated := v1helper.FindMatchingUntoleratedTaint(logger, node.Spec.Taints, pod.Spec.Tolerations, lasting, true); untolerated {
		return false, nil
	}
	return len(noderesources.Fits(pod, info, nil, noderesources.ResourceRequestsOptions{})) == 0, nil
}

func run(in io.Reader, out io.Writer) error {
	logger := klog.FromContext(context.Background())
	reader := json.NewDecoder(bufio.NewReader(in))
	buffered := bufio.NewWriter(out)
	writer := json.NewEncoder(buffered)
	for number := 1; ; number++ {
		var q question
		if err := reader.Decode(&q); errors.Is(err, io.EOF) {
			return buffered.Flush()
		} else if err != nil {
			return fmt.Errorf("question %d: %w", number, err)
		}
		a, err := answerTo(logger, q)
		if err != nil {
			return fmt.Errorf("question %d: %w", number, err)
		}
		if err := writer.Encode(a); err != nil {
			return err
		}
	}
}

func main() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
