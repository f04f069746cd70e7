import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { load, loadAll } from "js-yaml";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { parsePod } from "../../src/api/parse-pod.ts";
import { requireProgram } from "../cluster/programs.ts";
import { type PublishedBuilds, publishBuilds } from "../demo/builds.ts";
import { needs } from "../support/describe-with.ts";
import { signedNotes } from "../support/note-keys.ts";
import { type RunningRegistry, startRegistry } from "../support/registry/start.ts";
import { metahubProgram } from "./metahub.ts";

// Each starts processes, on machines that may be busy.
vi.setConfig({ testTimeout: 30_000 });
const metahub = metahubProgram();
const examples = join(import.meta.dirname, "../../examples");
const inventory = join(examples, "inventory");

let registry: RunningRegistry;
let builds: PublishedBuilds;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "metahub-rewrite-"));
  registry = await startRegistry();
  builds = await publishBuilds(registry.host, undefined, AbortSignal.timeout(20_000));
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

/** `cpu-skylake`: the image that the tag names, as it is written when rewritten. */
function build(tag: string): string {
  return `qnib/bench@${[...builds.tags].find(([, known]) => known === tag)?.[0]}`;
}

async function rewrite(args: readonly string[], stdin = "") {
  return await metahub(["rewrite", "-f", inventory, "--mirror", `docker.io=http://${registry.host}`, ...args], {
    stdin,
    cwd: folder,
  });
}

const type2 = "{metahub.dev/machine-type: type2}";

describe("Pods", () => {
  test("of the four machine types get their four builds", async () => {
    const { stdout, stderr, code } = await rewrite(["-f", join(examples, "pods.yaml")]);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    const pods = loadAll(stdout).map((each) => parsePod(each));
    expect(pods.map(({ spec }) => spec.containers?.[0]?.image)).toEqual(
      ["cpu-broadwell", "cpu-skylake", "cpu-coffelake", "cpu_broadwell-nvcap_52"].map(build),
    );
    // A note could prove itself in no cluster: a build that is written by its digest is pinned.
    expect(stdout).not.toContain("metahub.dev/selection");
  });

  test("are rewritten once: what came out stays as it is", async () => {
    const { stdout } = await rewrite(["-f", join(examples, "pods.yaml")]);
    const again = await rewrite(["-f", "-"], stdout);
    expect(again).toMatchObject({ stdout, stderr: "", code: 0 });
  });
});

test("a manifest list among the files speaks for its name, to the Pods of its namespace", async () => {
  const pod = (name: string, namespace: string) =>
    `---\napiVersion: v1\nkind: Pod\nmetadata: {name: ${name}, namespace: ${namespace}}\n` +
    `spec: {nodeSelector: ${type2}, containers: [{name: c, image: "qnib/bench:v7"}]}\n`;
  const list =
    "apiVersion: metahub.dev/v1alpha1\nkind: ManifestList\nmetadata: {name: v7, namespace: hpc}\n" +
    "spec: {image: qnib/bench, manifests: [{image: qnib/bench:generic}, {image: qnib/bench:cpu-broadwell, features: [cpu:broadwell]}]}\n";
  const { stdout, stderr, code } = await rewrite(["-f", "-"], `${list}${pod("a", "hpc")}${pod("b", "other")}`);
  const pods = loadAll(stdout).map((each) => parsePod(each));
  expect(pods.map(({ spec }) => spec.containers?.[0]?.image)).toEqual([build("cpu-broadwell"), "qnib/bench:v7"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("qnib/bench:v7")]);
});

describe("the powers of a namespace's lists", () => {
  const pod = (more: string) =>
    `---\napiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: hpc}\n` +
    `spec: {${more} containers: [{name: c, image: "team/app:v1"}]}\n`;
  const list = (image: string, builds: string) =>
    "apiVersion: metahub.dev/v1alpha1\nkind: ManifestList\nmetadata: {name: v1, namespace: hpc}\n" +
    `spec: {image: "${image}", manifests: [${builds}]}\n`;
  const across = list(
    "team/app:v1",
    "{image: qnib/bench:generic}, {image: qnib/bench:cpu-skylake, features: [cpu:skylake]}",
  );
  const imageOf = (stdout: string) => parsePod(loadAll(stdout)[0]).spec.containers?.[0]?.image;

  test("--list-across-repositories: builds of other repositories count for the namespaces that it names", async () => {
    const given = `${across}${pod(`nodeSelector: ${type2},`)}`;
    for (const flags of [[], ["--list-across-repositories", "other"]]) {
      const { stdout, stderr } = await rewrite([...flags, "-f", "-"], given);
      expect([imageOf(stdout), stderr]).toEqual(["team/app:v1", expect.stringContaining("of c is left as written")]);
    }
    for (const flags of [["hpc"], ["*"], ["other", "hpc"]]) {
      const named = flags.flatMap((namespace) => ["--list-across-repositories", namespace]);
      const { stdout } = await rewrite([...named, "-f", "-"], given);
      expect([flags, imageOf(stdout)]).toEqual([flags, build("cpu-skylake")]);
    }
  });

  test("--list-at-binding: a Pod that may land on different machines is told to wait for its binding, and not that the list decides never", async () => {
    const own = list(
      "qnib/bench:v1",
      "{image: qnib/bench:generic}, {image: qnib/bench:cpu-skylake, features: [cpu:skylake]}",
    );
    const given = `${own}${pod("").replace("team/app", "qnib/bench")}`;
    const warned = async (...flags: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await rewrite([...flags, "-f", "-"], given);
      expect(imageOf(stdout)).toBe("qnib/bench:v1");
      return stderr;
    };
    for (const flags of [[], ["--list-at-binding", "other"], ["--list-across-repositories", "hpc"]]) {
      expect(await warned(...flags)).toContain("ManifestList hpc/v1 decides when a Pod is made or never");
    }
    for (const namespace of ["hpc", "*"]) {
      const open = await warned("--list-at-binding", namespace);
      expect(open).toContain("it can land on machines that need different builds: node5 runs generic");
      expect(open).not.toContain("ManifestList");
    }
  });
});

describe("Pod templates", () => {
  const template = (indent: string) =>
    [
      "metadata: {labels: {app: x}}",
      "spec:",
      `  nodeSelector: ${type2}`,
      "  containers:",
      "  - name: c",
      "    image: qnib/bench",
    ]
      .map((line) => indent + line)
      .join("\n");
  const cases: [apiVersion: string, kind: string, yaml: string][] = [
    ...["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"].map((kind): [string, string, string] => [
      "apps/v1",
      kind,
      `spec:\n  template:\n${template("    ")}\n`,
    ]),
    ["v1", "ReplicationController", `spec:\n  template:\n${template("    ")}\n`],
    ["batch/v1", "Job", `spec:\n  template:\n${template("    ")}\n`],
    ["batch/v1", "CronJob", `spec:\n  jobTemplate:\n    spec:\n      template:\n${template("        ")}\n`],
    ["v1", "List", `items:\n- apiVersion: v1\n  kind: Pod\n${template("  ")}\n`],
    ["apps/v1", "DeploymentList", `items:\n- spec:\n    template:\n${template("      ")}\n`],
  ];
  test.each(cases)("%s %s", async (apiVersion, kind, rest) => {
    const { stdout, stderr, code } = await rewrite(
      ["-f", "-"],
      `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: x}\n${rest}`,
    );
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(stdout).toContain(`image: ${build("cpu-skylake")}\n`);
    expect(stdout).not.toContain("metahub.dev/selection");
    load(stdout);
  });

  test("stay as they are where their Pods can land on machines that differ", async () => {
    const path = join(examples, "deployment.yaml");
    const { stdout, stderr, code } = await rewrite(["-f", path]);
    expect(stdout).toBe(await readFile(path, "utf8"));
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^metahub: Deployment\/bench: image qnib\/bench of bench is left as written: it can land on machines that need different builds: [^\n]+\n$/,
    );
  });
});

const mixed = `# A file of its owner.
apiVersion: v1
kind: ConfigMap
metadata: {name: untouched}   # oddly   set
data:
  "key":   'value'
---
# The Pod.
apiVersion: v1
kind: Pod
metadata:
  name: x # its name
spec:
  nodeSelector: ${type2}
  containers:
  - name: c
    image: "qnib/bench" # its image
  - {name: d, image: qnib/bench}
---
apiVersion: v1
kind: Node
metadata: {name: more}
---
kind: Service
apiVersion: v1
metadata:
    name:   odd
`;

describe("the file", () => {
  test("keeps its comments, its order and every other document to the byte; the cluster's are not printed", async () => {
    const { stdout } = await rewrite(["-f", "-"], mixed);
    const image = build("cpu-skylake");
    expect(stdout).toBe(
      mixed
        .replace('"qnib/bench"', `"${image}"`)
        .replace("image: qnib/bench}", `image: ${image}}`)
        .replace("---\napiVersion: v1\nkind: Node\nmetadata: {name: more}\n", ""),
    );
  });

  test("as a diff can be applied with patch", async (context) => {
    needs(context, requireProgram("git", "git"));
    await writeFile(join(folder, "mixed.yaml"), mixed);
    const [diff, yaml] = await Promise.all([
      rewrite(["-f", "mixed.yaml", "-o", "diff"]),
      rewrite(["-f", "mixed.yaml"]),
    ]);
    expect(diff.stdout).toMatch(/^--- mixed\.yaml\n\+\+\+ mixed\.yaml\n@@ /);
    await cp(join(folder, "mixed.yaml"), join(folder, "work.yaml"));
    await writeFile(join(folder, "a.diff"), diff.stdout);
    await promisify(execFile)("git", ["apply", "-p0", "--unsafe-paths", "a.diff"], { cwd: folder });
    const patched = await readFile(join(folder, "mixed.yaml"), "utf8");
    const withoutTime = (text: string) => text.replace(/"at":"[^"]*"/g, "");
    expect(withoutTime(patched.replace("---\napiVersion: v1\nkind: Node\nmetadata: {name: more}\n", ""))).toBe(
      withoutTime(yaml.stdout),
    );
  });

  test("as JSON is a List of its objects", async () => {
    const { stdout } = await rewrite(["-f", "-", "-o", "json"], mixed);
    const list = JSON.parse(stdout);
    expect(list.kind).toBe("List");
    expect(list.items.map(({ kind }: { kind: string }) => kind)).toEqual(["ConfigMap", "Pod", "Service"]);
    expect(list.items[1].spec.containers[0].image).toBe(build("cpu-skylake"));
  });

  test("passes through where nothing in it makes Pods, and no cluster is asked", async () => {
    const text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x} # c\n";
    const ran = await metahub(["rewrite", "-f", "-"], { stdin: text });
    expect(ran).toMatchObject({ stdout: text, stderr: "", code: 0 });
  });
});

/** A pool of two nodes: one runs `cpu-skylake`, the other none of the builds. */
const pool = `apiVersion: v1
kind: Node
metadata:
  name: pool-amd64
  labels: {pool: mixed, node.kubernetes.io/instance-type: c5.xlarge, kubernetes.io/os: linux, kubernetes.io/arch: amd64}
---
apiVersion: v1
kind: Node
metadata: {name: pool-arm64, labels: {pool: mixed, kubernetes.io/os: linux, kubernetes.io/arch: arm64}}
---
`;

interface Given {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly image?: string;
  /** Further lines of the spec. */
  readonly spec?: string;
}

/** What a Pod and its template have in common, as lines further in. */
function podLines(
  { annotations = {}, image = "qnib/bench", spec = "nodeSelector: {pool: mixed}" }: Given,
  indent = "",
) {
  const text = `metadata:\n  annotations: ${JSON.stringify(annotations)}\nspec:\n  containers:\n  - name: c\n    image: ${image} # its image\n  ${spec}\n`;
  return text.replace(/^(?=.)/gm, indent);
}
/** A Pod and a Deployment of such Pods. */
function both(given: Given): readonly [pod: string, deployment: string] {
  const template = podLines(given, "    ");
  return [
    `apiVersion: v1\nkind: Pod\n${podLines(given)}`,
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  template:\n${template}`,
  ];
}

/** Among the nodes of the pool too. */
async function rewriteInPool(documents: readonly string[], args: readonly string[] = []) {
  const ran = await rewrite(["-f", "-", ...args], pool + documents.join("---\n"));
  const texts = ran.stdout.split(/^---\n/m);
  const pods = texts.map((text) => {
    const value: unknown = load(text);
    const { kind, spec } = Object(value);
    return parsePod(kind === "Pod" ? value : spec.template);
  });
  return { ...ran, texts, pods };
}

describe("no-match: steer", () => {
  const steer = { "metahub.dev/no-match": "steer" };
  const required = "requiredDuringSchedulingIgnoredDuringExecution";
  const existing = `affinity:
    nodeAffinity: # where
      ${required}:
        nodeSelectorTerms:
        - matchExpressions: # one
          - {key: pool, operator: In, values: [mixed]}
        - matchFields:
          - {key: metadata.name, operator: In, values: [pool-arm64]}`;
  const onProfile = { key: "metahub.dev/profile", operator: "In", values: [expect.stringMatching(/^[0-9a-f]{12}$/)] };
  const cases: [what: string, given: Given, terms: readonly object[]][] = [
    ["without terms of their own", {}, [{ matchExpressions: [onProfile] }]],
    [
      "with terms of their own",
      { spec: existing },
      [
        { matchExpressions: [{ key: "pool", operator: "In", values: ["mixed"] }, onProfile] },
        {
          matchFields: [{ key: "metadata.name", operator: "In", values: ["pool-arm64"] }],
          matchExpressions: [onProfile],
        },
      ],
    ],
  ];
  test.each(cases)("Pods and templates %s go where a build fits, and get it", async (_, given, terms) => {
    const documents = both({ ...given, annotations: steer });
    const { texts, pods, stdout, stderr, code } = await rewriteInPool(documents);
    expect({ stderr, code }).toEqual({ stderr: "", code: 0 });
    expect(pods).toHaveLength(2);
    for (const [index, { spec }] of pods.entries()) {
      expect(spec.containers?.[0]?.image).toBe(build("cpu-skylake"));
      expect(spec.affinity?.nodeAffinity?.[required]?.nodeSelectorTerms).toEqual(terms);
      // Nothing but lines for what was written.
      const after = texts[index]?.split("\n");
      expect(documents[index]?.split("\n").filter((line) => after?.includes(line) === false)).toEqual([
        expect.stringMatching(/image: qnib\/bench # its image/),
      ]);
    }
    // The nodes carry no labels of the controller: the profile is one that they will have.
    expect(await rewriteInPool(texts)).toMatchObject({ stdout, stderr: "", code: 0 });
  });

  test("as JSON too", async () => {
    const { stdout } = await rewrite(["-f", "-", "-o", "json"], pool + both({ annotations: steer })[0]);
    expect(JSON.parse(stdout).spec.affinity.nodeAffinity[required].nodeSelectorTerms).toEqual([
      { matchExpressions: [onProfile] },
    ]);
  });

  test("a Pod is steered also where its build is chosen at binding, a template is left alone", async () => {
    const documents = both({ annotations: { ...steer, "metahub.dev/strategy": "bind" } });
    const { texts, pods, stderr } = await rewriteInPool(documents);
    expect(pods[0]?.spec).toMatchObject({
      containers: [{ image: "qnib/bench" }],
      affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions: [onProfile] }] } } },
    });
    expect(texts[1]).toBe(documents[1]);
    expect(stderr).toContain("Deployment/x: annotation metahub.dev/no-match: the template is not steered: ");
  });

  test("is told where it cannot be", async () => {
    const spec = "nodeSelector: {kubernetes.io/arch: arm64}";
    const { pods, stderr, code } = await rewriteInPool(both({ annotations: steer, spec }).slice(0, 1));
    expect([pods[0]?.spec.affinity, code]).toEqual([undefined, 3]);
    expect(stderr).toMatch(
      /^metahub: Pod\/: image qnib\/bench of c is left as written: [^\n]+\nmetahub: Pod\/: annotation metahub\.dev\/no-match: the Pod is not steered: no node [^\n]+\n$/,
    );
  });
});

test("no-match: deny: what admission would refuse is left, and that is told", async () => {
  const spec = "nodeSelector: {kubernetes.io/arch: arm64}";
  const documents = both({ annotations: { "metahub.dev/no-match": "deny" }, spec });
  const { texts, stderr, code } = await rewriteInPool(documents);
  expect([texts, code]).toEqual([documents, 3]);
  expect(stderr).toMatch(/Pod\/: image qnib\/bench of c is left as written: /);
  expect(stderr).toContain("Pod/: annotation metahub.dev/no-match: admission would refuse the Pod\n");
  expect(stderr).toContain("Deployment/x: annotation metahub.dev/no-match: admission would refuse its Pods\n");
});

describe("the strategy", () => {
  const type1 = "nodeSelector: {metahub.dev/machine-type: type1}";
  const broadwells =
    "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: metahub.dev/machine-type, operator: In, values: [type1, type4]}]}]}}}";
  const cases: [
    what: string,
    strategy: string,
    args: readonly string[],
    spec: string,
    tag: string | undefined,
    said: string,
  ][] = [
    ["auto", "auto", [], type1, "cpu-broadwell", ""],
    [
      "bind",
      "bind",
      [],
      type1,
      undefined,
      "image qnib/bench of c is left as written: its build is chosen when it is bound to a node",
    ],
    [
      "bind, where nothing is chosen at binding",
      "bind",
      ["--at-binding", "false"],
      type1,
      "cpu-broadwell",
      "annotation metahub.dev/strategy: nothing is chosen at binding (--at-binding false); taken as auto",
    ],
    ["admission", "admission", [], type1, "cpu-broadwell", ""],
    [
      "admission, with machines that differ",
      "admission",
      [],
      broadwells,
      undefined,
      "image qnib/bench of c is left as written: strategy admission chooses now or never, and it can land on machines that need different builds: ",
    ],
    ["common, with machines that differ", "common", [], broadwells, "cpu-broadwell", ""],
    [
      "a value that means nothing",
      "sometimes",
      [],
      type1,
      "cpu-broadwell",
      'annotation metahub.dev/strategy: "sometimes" is none of auto, admission, bind, common; taken as auto',
    ],
  ];
  test.each(cases)("%s", async (_, strategy, args, spec, tag, said) => {
    const documents = both({ annotations: { "metahub.dev/strategy": strategy }, spec });
    const { texts, pods, stderr, code } = await rewriteInPool(documents, args);
    const image = tag === undefined ? "qnib/bench" : build(tag);
    expect([pods.map((pod) => pod.spec.containers?.[0]?.image), code]).toEqual([[image, image], 0]);
    expect(texts[1] === documents[1]).toBe(tag === undefined);
    if (said === "") expect(stderr).toBe("");
    else for (const who of ["Pod/", "Deployment/x"]) expect(stderr).toContain(`metahub: ${who}: ${said}`);
  });
});

test("a Pod with the annotation of another keeps its build and its annotation: nothing proves that here", async () => {
  const image = build("cpu-broadwell");
  const note = { asked: "qnib/bench", index: builds.index.digest, variant: image.split("@")[1] };
  const annotations = signedNotes({ c: note });
  const [copy] = both({ annotations, image, spec: `nodeSelector: ${type2}` });
  const { texts, stderr, code } = await rewriteInPool([copy]);
  expect([texts, code]).toEqual([[copy], 0]);
  expect(stderr).toMatch(/ of c is left as written: its annotation does not prove that it was chosen [^\n]*pinned\n$/);
});

describe("what is left alone", () => {
  const pod = (metadata: string) =>
    `apiVersion: v1\nkind: Pod\nmetadata: ${metadata}\nspec:\n  nodeSelector: ${type2}\n  containers: [{name: c, image: qnib/bench}]\n`;
  test.each([
    ["a Pod that opted out", pod("{name: x, labels: {metahub.dev/rewrite: disabled}}")],
    ["a mirror Pod", pod("{name: x, annotations: {kubernetes.io/config.mirror: abc}}")],
    ["kube-system", pod("{name: x, namespace: kube-system}")],
    [
      "a namespace that opted out",
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: team, labels: {metahub.dev/rewrite: disabled}}\n---\n${pod("{name: x, namespace: team}")}`,
    ],
  ])("%s", async (_, yaml) => {
    expect(await rewrite(["-f", "-"], yaml)).toMatchObject({ stdout: yaml, stderr: "", code: 0 });
  });
});

describe("exit codes", () => {
  const pod = (image: string, rest = "") =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  nodeSelector: ${type2}\n  containers: [{name: c, image: ${image}}]\n${rest}`;

  test("3 where nothing fits", async () => {
    const arm =
      "apiVersion: v1\nkind: Node\nmetadata: {name: arm, labels: {kubernetes.io/arch: arm64, kubernetes.io/os: linux}}\n";
    const yaml = `${arm}---\napiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  nodeSelector: {kubernetes.io/arch: arm64}\n  containers: [{name: c, image: qnib/bench}]\n`;
    const { stderr, code } = await rewrite(["-f", "-"], yaml);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^metahub: Pod\/x: image qnib\/bench of c is left as written: [^\n]+\n$/);
  });

  const cases: [what: string, args: readonly string[], stdin: string, code: number, said: RegExp][] = [
    ["1: an image that is not there", ["-f", "-"], pod("qnib/none"), 1, /docker\.io has no such image \(/],
    [
      "0: an image that is none, which the kubelet will say",
      ["-f", "-"],
      pod("'Not An Image'"),
      0,
      /it is not a valid image reference/,
    ],
    ["1: no file", ["-f", "none.yaml"], "", 1, /^metahub: none\.yaml: no such file or folder\n$/],
    ["1: no YAML", ["-f", "-"], "a: [", 1, /^metahub: standard input: not valid YAML: [^\n]+\n$/],
    ["1: no object", ["-f", "-"], "a: b\n", 1, /^metahub: standard input: no apiVersion and kind[^\n]+\n$/],
    [
      "1: a Pod that is none",
      ["-f", "-"],
      pod("5"),
      1,
      /^metahub: standard input: Pod\/x: spec\.containers\[0\]\.image: [^\n]+\n$/,
    ],
    ["2: another form", ["-o", "xml"], "", 2, /Allowed choices are yaml, json, diff/],
    [
      "2: two clusters",
      ["-f", "-", "--kubeconfig", "x"],
      pod("qnib/bench"),
      2,
      /^metahub: Nodes and MachineTypes of -f/,
    ],
  ];
  test.each(cases)("%s", async (_, args, stdin, code, said) => {
    const ran = await rewrite(args, stdin);
    expect([ran.code, ran.stderr]).toEqual([code, expect.stringMatching(said)]);
  });

  test("2: nothing to rewrite", async () => {
    const ran = await metahub(["rewrite"]);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining("-f, --filename <path>")]);
  });
});
