import { z } from "zod";
import { type DeviceAttributes, ownName } from "../hardware/devices/device.ts";

/** The part of a resource.k8s.io/v1 ResourceSlice that is kept. */
export interface DeviceSlice {
  readonly driver: string;
  readonly pool: string;
  /** Generation of the pool: slices of an older one are obsolete. */
  readonly generation: number;
  readonly devices: ReadonlyMap<string, DeviceAttributes>;
}

/** Attributes to keep, by driver. */
export type AskedAttributes = ReadonlyMap<string, ReadonlySet<string>>;

/** resource.k8s.io/v1: ResourceSliceMaxDevices, and the longest value of an attribute; a server of ours holds to them. */
const maxDevices = 128;
const maxValueLength = 64;

const attribute = z.object({
  string: z.string().optional(),
  version: z.string().optional(),
  int: z.number().optional(),
  bool: z.boolean().optional(),
  strings: z.array(z.string()).optional(),
  versions: z.array(z.string()).optional(),
  ints: z.array(z.number()).optional(),
  bools: z.array(z.boolean()).optional(),
});
const head = z.object({ spec: z.object({ driver: z.string() }) });
const slice = z.object({
  spec: z.object({
    driver: z.string(),
    pool: z.object({ name: z.string(), generation: z.number() }),
    devices: z
      .array(z.object({ name: z.string(), attributes: z.record(z.string(), z.unknown()).optional() }))
      .max(maxDevices)
      .optional(),
  }),
});

/**
 * The devices of a slice with the asked attributes; undefined for a driver of which nothing is asked. `shared` gives
 * one object for equal ones: a cluster has thousands of devices of a few kinds.
 */
export function trimSlice(
  object: unknown,
  asked: AskedAttributes,
  shared: (attributes: DeviceAttributes) => DeviceAttributes = (attributes) => attributes,
): DeviceSlice | undefined {
  const attributes = asked.get(head.parse(object).spec.driver);
  if (attributes === undefined) return undefined;
  const { driver, pool, devices = [] } = slice.parse(object).spec;
  return {
    driver,
    pool: pool.name,
    generation: pool.generation,
    devices: new Map(
      devices.map(({ name, attributes: given }) => [name, shared(trim(driver, given ?? {}, attributes))]),
    ),
  };
}

function trim(driver: string, given: Readonly<Record<string, unknown>>, asked: ReadonlySet<string>): DeviceAttributes {
  const kept = new Map<string, readonly string[]>();
  for (const [written, value] of Object.entries(given)) {
    const name = ownName(driver, written);
    if (asked.has(name)) kept.set(name, textsOf(attribute.parse(value)));
  }
  return kept;
}

/** Lists are alpha in Kubernetes 1.37 (DRAListTypeAttributes). */
function textsOf(value: z.infer<typeof attribute>): readonly string[] {
  const one = value.string ?? value.version ?? value.int ?? value.bool;
  const several = value.strings ?? value.versions ?? value.ints ?? value.bools ?? [];
  const texts = (one === undefined ? several : [one]).map(String);
  return texts.filter((text) => text !== "" && text.length <= maxValueLength);
}
