import { explanationJson, type MachineJson } from "../../../explaining/json.ts";
import { needsOf } from "../../../explaining/needs.ts";
import { type AskedImage, explain } from "../../../explaining/rows.ts";
import { formatPlatform } from "../../../hardware/platform.ts";
import type { Snapshot } from "../../../inventory/snapshot.ts";
import { ListBook } from "../../../lists/book.ts";
import type { SpokenList } from "../../../lists/list.ts";
import { ListedImages } from "../../../lists/listed-images.ts";
import { noPowers } from "../../../lists/power.ts";
import { OciError } from "../../../oci/error.ts";
import { listOf } from "../../../oci/flatten.ts";
import { effectiveTag, formatReference, parseReference, type Reference } from "../../../oci/reference.ts";
import type { Variant } from "../../../oci/variant.ts";
import type { Access } from "../../../registry/access.ts";
import type { RegistryClient } from "../../../registry/client.ts";
import { RegistryError } from "../../../registry/error.ts";
import { type Image, ImageSource } from "../../../registry/images.ts";
import type { Matrix } from "../../contract/views.ts";
import { ConsoleError } from "../../error.ts";
import { invalid } from "../problems.ts";
import { machinesFor } from "./machines.ts";
import { Rates } from "./rate.ts";

/** A person waits this long for an image, ms. */
const deadlineMs = 20_000;
/** For one who may not list nodes. */
const blind =
  "You may not list nodes, so it is not known what the machines of a type offer. Whoever keeps this cluster can give you the right to list and watch nodes.";
/** The namespace whose manifest lists speak, as `metahub explain` has it where none is named. */
const namespace = "default";

type MatrixMachine = Matrix["machines"][number];

/** The machines and lists that a person may see. */
export interface MatrixGround {
  readonly snapshot: Pick<Snapshot, "nodes" | "machineTypes">;
  /** Whether they may list nodes. Without, only machine types outside of the cluster say what their machines offer. */
  readonly seesNodes: boolean;
  readonly lists: readonly SpokenList[];
}

/**
 * Explains images for people. Registries are asked without credentials: nobody learns here of an image that they could
 * not pull without a login.
 */
export class Matrices {
  readonly #images: ImageSource;
  readonly #rates: Rates;

  /** @param registries asks the registries that the operator allows, and no others */
  constructor(registries: RegistryClient, rates = new Rates()) {
    this.#images = new ImageSource(registries);
    this.#rates = rates;
  }

  /** @throws ConsoleError; the signal's reason */
  async of(image: string, person: string, ground: MatrixGround, signal: AbortSignal): Promise<Matrix> {
    const reference = readReference(image);
    this.#rates.take(person);
    try {
      const asked = await this.#ask(
        reference,
        person,
        ground,
        AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]),
      );
      return matrixOf(asked, ground);
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof RegistryError ? problemOfRegistry(error) : error;
    }
  }

  async #ask(reference: Reference, person: string, { lists }: MatrixGround, signal: AbortSignal): Promise<AskedImage> {
    // What is scarce in the client is divided between people, as it is between namespaces elsewhere.
    const access: Access = { credentials: undefined, signal, tenant: { namespace: `person ${person}`, review: {} } };
    const image = await this.#lookup(reference, lists, access);
    const tag = effectiveTag(reference);
    const shown = formatReference(tag === undefined ? reference : { ...reference, tag });
    if (image.kind !== "index") return { shown, digest: image.descriptor.digest, list: undefined };
    const { madeOf, unasked } = image;
    return {
      shown,
      digest: image.descriptor.digest,
      list: listOf(image),
      ...(madeOf === undefined ? {} : { madeOf: madeOf.shown }),
      ...(unasked === undefined ? {} : { unasked }),
    };
  }

  async #lookup(reference: Reference, all: readonly SpokenList[], access: Access): Promise<Image> {
    const book = new ListBook(all);
    const lists = new ListedImages({ book: () => book, powers: noPowers });
    const list = lists.listFor(reference, namespace);
    if (list === undefined) return await this.#images.lookup(reference, access);
    const lookup = (build: Reference, platform: Parameters<ImageSource["lookupAsIndex"]>[1], signal: AbortSignal) =>
      this.#images.lookupAsIndex(build, platform, { ...access, signal });
    return await lists.image(list, reference, lookup, access.signal);
  }
}

/** @throws ConsoleError 422 */
function readReference(image: string): Reference {
  try {
    return parseReference(image.trim());
  } catch (error) {
    if (!(error instanceof OciError)) throw error;
    throw invalid(error.message, [{ path: "image", message: error.message }]);
  }
}

function matrixOf(asked: AskedImage, { snapshot, seesNodes }: MatrixGround): Matrix {
  const { machines, leftOut } = machinesFor(snapshot);
  const answer = explanationJson(explain(asked, machines, true));
  const isUnknown = ({ kind, name }: MachineJson): boolean =>
    !seesNodes && kind === "MachineType" && snapshot.machineTypes.get(name)?.resource.spec.external !== true;
  const notes = [
    ...(seesNodes ? [] : [blind]),
    ...(leftOut === 0 ? [] : [`${leftOut} more machines are not shown: there are too many for one table.`]),
  ];
  const variants = asked.list?.variants ?? [];
  return {
    image: answer.image,
    digest: answer.digest,
    ...(answer.list === undefined ? {} : { list: answer.list }),
    variants: answer.variants.map(({ requires, ...variant }, index) => ({
      ...variant,
      requires: copied(requires),
      says: saysOfBuild(variants[index]),
    })),
    machines: answer.machines.map((machine) => (isUnknown(machine) ? unknownMachine(machine) : machineOf(machine))),
    ...(notes.length === 0 ? {} : { notes }),
  };
}

function machineOf(machine: MachineJson): MatrixMachine {
  return {
    ...machine,
    offers: [...machine.offers],
    warnings: [...machine.warnings],
    considered: machine.considered.map((outcome) =>
      outcome.outcome === "incompatible" ? { ...outcome, missing: copied(outcome.missing) } : outcome,
    ),
  };
}

/** Without its nodes a machine type looks like a machine that offers next to nothing. */
function unknownMachine({ kind, name }: MachineJson): MatrixMachine {
  const reason = "not known: you may not list nodes";
  const nothing = { platform: "unknown", offers: [], selected: null, considered: [], warnings: [] };
  return { kind, name, ...nothing, action: "leave", reason, unknown: true };
}

function copied(groups: readonly (readonly string[])[]): string[][] {
  return groups.map((group) => [...group]);
}

/** The needs of a build in words. */
function saysOfBuild(variant: Variant | undefined): string {
  if (variant === undefined) return "";
  const needs = needsOf(variant);
  return needs.length === 0
    ? `any machine of ${formatPlatform(variant.platform)}`
    : needs.map(({ means }) => means).join("; ");
}

/**
 * The registry's own words stay in the log: they name addresses, also of mirrors, and tell a name that there is not from a
 * port that is closed, which would make this a probe of the network around it.
 */
function problemOfRegistry(error: RegistryError): ConsoleError {
  const [status, title, detail] = told(error);
  return new ConsoleError({ status, title, detail }, { cause: error });
}

function told({ code }: RegistryError): readonly [status: number, title: string, detail: string] {
  switch (code) {
    case "NOT_FOUND":
      return [404, "There is no such image", "Its registry does not have it, or does not show it without a login."];
    case "DENIED":
    case "UNAUTHORIZED":
      return [403, "The registry does not show it to everybody", "Registries are asked without credentials here."];
    case "REFUSED_HOST":
    case "REFUSED_REDIRECT":
      return [403, "This registry is not asked", "Whoever runs this console says which are (--allow-registry)."];
    case "INVALID":
    case "UNSUPPORTED":
    case "TOO_LARGE":
      return [
        422,
        "The image cannot be read",
        "The registry sent something else than an image or an index that fits here.",
      ];
    case "RATE_LIMITED":
    case "OVERLOADED":
      return [429, "Too many questions", "The registry, or this console, asks to wait. Try again in a moment."];
    case "ABORTED":
    case "TIMEOUT":
      return [504, "The registry is too slow", "It did not answer in time. Try again in a moment."];
    default:
      return [502, "The registry does not answer as it should", "The console's log says more. Try again in a moment."];
  }
}
