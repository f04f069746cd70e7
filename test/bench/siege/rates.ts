/** Questions and attacks a second, while they go on. */
export interface Rates {
  readonly [name: string]: number;
}

/** The part of what is stated here that attacks: less where a test runs beside others. The others' Pods stay. */
const share = Number(process.env["SIEGE_SHARE"] ?? "1");
const part = <T extends Rates>(rates: T): T =>
  Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, rate * share])) as unknown as T;

/** Pods of the other tenant: half of them are decided on at their admission, half at their binding. */
export const others = { admissions: 10, bindings: 10 } as const;

/** One tenant, whose Pods come by way of the API server. */
export const tenant = part({
  /** Pods of 20,000 containers, 1 MB each. */
  largePods: 1,
  /** Pods of 8 images, each an index of 1,024 builds or of 4 MB that nobody has asked for before. */
  hostilePods: 2,
  /** Pods of 40 images at hosts that never answer. */
  silentPods: 2,
  /** Pods of 5 images in a repository of the others' registry that answers 500. */
  failingPods: 2,
  /** Pods of 4 images whose configurations, of 60 kB each, end half way: the smaller documents' room. */
  slowSmallPods: 1,
  /** The same of 500 kB: the larger documents' room. */
  slowLargePods: 1,
  /** Pods of 4 images whose configurations are answered with 500. */
  failingConfigurations: 1,
  /** Pods of 2 images that nobody asked for before, each time in another of 200 namespaces. */
  coldPods: 5,
  /** Pods with a map of 90,000 members, 1 MB. */
  wideMaps: 1,
  /** Pods of 1,000 containers of 200 names, each of which has a note whose key is known and whose MAC is wrong. */
  sameNames: 1,
});

/** The same tenant's Pods that are there, and wait for a node: 2,600 names of 60 characters in a selector each. */
export const waiting = part({ longSelectors: 4 });
/** At once; the oldest makes room. */
export const mostWaiting = 200;
/** The namespaces of `coldPods`: crowd-0, crowd-1 and so on. */
export const crowd = 200;

/** A neighbour without credentials; it knows the path where that is said. */
export const neighbour = part({
  /** Connections that say nothing, on the webhook's port and on that of its probes. */
  silentSockets: 50,
  /** Handshakes, and then nothing. */
  silentTls: 10,
  silentProbes: 20,
  /** Requests with 64 kB on paths that nobody answers. */
  wrongPaths: 50,
  /** Bodies of 3 MB that end before their last byte, on the path. */
  slowBodies: 2,
  /** Packed bodies of 6 kB that would be 7 MB, on the path. */
  packedBodies: 5,
  /** Bindings whose names have 1 MB, on the path. */
  longBindings: 2,
  /** Bindings to nodes and of Pods that are not there, on the path. */
  forgedBindings: 10,
});

/** Connections that one kind of attack holds at once; the oldest makes room. */
export const mostHeld = 1_500;
