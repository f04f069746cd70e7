import { OciError } from "../oci/error.ts";
import type { Steps } from "../oci/steps.ts";
import { eventLoop } from "../time/slices.ts";
import { aborted } from "./flight.ts";

/**
 * Does work in slices of the event loop, for one who asks for an image.
 * @throws RegistryError ABORTED where the signal ends first; OciError where the work finds a document wrong
 */
export async function inSlices<T>(steps: Steps<T>, signal: AbortSignal, what: string): Promise<T> {
  try {
    return await eventLoop.run(steps, signal, what);
  } catch (error) {
    throw signal.aborted && !(error instanceof OciError) ? aborted(signal) : error;
  }
}
