import { explanationJson } from "../../../explaining/json.ts";
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
/** The namespace whose manifest lists speak, as `metahub explain` has it where none is named. */
const namespace = "default";

/** The machines and lists that a person may see. */
export interface MatrixGround {
  readonly snapshot: Pick<Snapshot, "nodes" | "machineTypes">;
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

function matrixOf(asked: AskedImage, { snapshot }: MatrixGround): Matrix {
  const answer = explanationJson(explain(asked, machinesFor(snapshot), true));
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
    machines: answer.machines.map((machine) => ({
      ...machine,
      offers: [...machine.offers],
      warnings: [...machine.warnings],
      considered: machine.considered.map((outcome) =>
        outcome.outcome === "incompatible" ? { ...outcome, missing: copied(outcome.missing) } : outcome,
      ),
    })),
  };
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

function problemOfRegistry(error: RegistryError): ConsoleError {
  const [status, title] = statusOf(error);
  return new ConsoleError({ status, title, detail: error.message }, { cause: error });
}

function statusOf({ code }: RegistryError): readonly [status: number, title: string] {
  switch (code) {
    case "NOT_FOUND":
      return [404, "There is no such image"];
    case "DENIED":
    case "UNAUTHORIZED":
      return [403, "The registry does not show it to everybody"];
    case "REFUSED_HOST":
    case "REFUSED_REDIRECT":
      return [403, "This registry is not asked"];
    case "INVALID":
    case "UNSUPPORTED":
    case "TOO_LARGE":
      return [422, "The image cannot be read"];
    case "RATE_LIMITED":
    case "OVERLOADED":
      return [429, "Too many questions"];
    case "ABORTED":
    case "TIMEOUT":
      return [504, "The registry is too slow"];
    default:
      return [502, "The registry does not answer as it should"];
  }
}
