import { load } from "js-yaml";
import { z } from "zod";
import { captureOf } from "../../../src/hardware/detect/capture.ts";
import { hostOffer } from "../../../src/hardware/detect/host.ts";
import { formatFeature } from "../../../src/hardware/feature.ts";
import { offerOfNode } from "../../../src/hardware/nodes/offer.ts";
import { formatPlatform } from "../../../src/hardware/platform.ts";

const text = z.record(z.string(), z.string());

const schema = z.strictObject({
  /** Who published it: repository, path and commit, or issue. */
  source: z.string().min(1),
  /** True where it is no machine's own words: counted apart. */
  madeUp: z.boolean().default(false),
  /** `/proc/cpuinfo`, `lscpu`, or macOS's `sysctl machdep.cpu`. */
  capture: z.string().optional(),
  nvidiaSmi: z.strictObject({ query: z.string(), header: z.string() }).optional(),
  rocminfo: z.string().optional(),
  /** A node's labels, instead of a capture. */
  node: z.strictObject({ architecture: z.string(), labels: text, allocatable: text.default({}) }).optional(),
  expect: z.strictObject({
    platform: z.string().optional(),
    features: z.array(z.string()).default([]),
    /** Features that must not be offered. */
    not: z.array(z.string()).default([]),
  }),
});

/** One host of the library, with what an expert would say of it. */
export type Fixture = z.infer<typeof schema>;

/** @throws where the file has another shape */
export function parseFixture(yaml: string): Fixture {
  return schema.parse(load(yaml));
}

/** MetaHub's answer to it. */
export function answerOf(fixture: Fixture): { readonly platform: string; readonly features: readonly string[] } {
  if (fixture.node !== undefined) {
    const { platform, features, accelerators } = offerOfNode({
      ...fixture.node,
      operatingSystem: "linux",
      kernelVersion: "",
    });
    return { platform: formatPlatform(platform), features: [...features, ...accelerators].map(formatFeature) };
  }
  const capture = captureOf(fixture.capture ?? "");
  const { nvidiaSmi, rocminfo } = fixture;
  const offer = hostOffer({
    ...capture,
    ...(nvidiaSmi === undefined ? {} : { nvidiaSmi }),
    ...(rocminfo === undefined ? {} : { rocminfo }),
  });
  return { platform: formatPlatform(offer.platform), features: offer.features.map(formatFeature) };
}
