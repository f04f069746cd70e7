import { ApiError } from "../../../api/error.ts";
import { type MachineType, type MachineTypeStatus, metahubApiVersion } from "../../../api/machine-type.ts";
import { parseMachineType } from "../../../api/parse-machine-type.ts";
import { parseStatus } from "../../../api/parse-status.ts";
import { isRecord, type JsonRecord } from "../../../json/object.ts";
import { changedAt, yamlOf } from "../objects.ts";

/** A MachineType as it is kept: its spec untouched, and as we read it. */
export interface StoredMachineType {
  readonly name: string;
  readonly resourceVersion: string | undefined;
  readonly spec: JsonRecord;
  readonly status: MachineTypeStatus | undefined;
  /** Undefined where it cannot be read: a newer version of the API may have written it. */
  readonly parsed: MachineType | undefined;
  /** Why it cannot be read. */
  readonly problem: string | undefined;
  readonly yaml: string;
  readonly changed: string | undefined;
}

/** Reads an object of the API server or of a file. `version` takes the place of a resourceVersion. */
export function storedMachineType(object: JsonRecord, version?: string): StoredMachineType {
  const metadata = isRecord(object["metadata"]) ? object["metadata"] : {};
  const { name, resourceVersion } = metadata;
  const spec = isRecord(object["spec"]) ? object["spec"] : {};
  const read = readable(object);
  return {
    name: typeof name === "string" ? name : "",
    resourceVersion: version ?? (typeof resourceVersion === "string" ? resourceVersion : undefined),
    spec,
    status: parseStatus(object["status"]),
    ...read,
    yaml: yamlOf(metahubApiVersion, "MachineType", metadata, spec),
    changed: changedAt(metadata),
  };
}

function readable(object: JsonRecord): Pick<StoredMachineType, "parsed" | "problem"> {
  try {
    // A list's items may be without both.
    return {
      parsed: parseMachineType({ ...object, apiVersion: metahubApiVersion, kind: "MachineType" }),
      problem: undefined,
    };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { parsed: undefined, problem: error.message };
  }
}
