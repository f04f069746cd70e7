import type { z } from "zod";
import type {
  CredentialView,
  credentialDraft,
  credentials,
  MadeCredentialView,
  rotation,
} from "./contract/credentials.ts";
import type { MachineTypeDraft, MachineTypeView, Preview } from "./contract/machine-types.ts";
import type { Session } from "./contract/session.ts";
import type { Change, Matrix, manifestLists, nodes, selections } from "./contract/views.ts";

/** Who is signed in. Their secret is never logged, and never leaves the process but to where it belongs. */
export type Person =
  | { readonly kind: "token"; readonly name: string; readonly groups: readonly string[]; readonly token: string }
  | { readonly kind: "user"; readonly name: string };

export interface Page {
  /** The `next` of the page before. */
  readonly after?: string;
  /** At most 500. */
  readonly limit: number;
}

export interface NodeQuery extends Page {
  /** Part of the name, of a feature or of a machine type. */
  readonly search?: string;
  readonly machineType?: string;
  readonly profile?: string;
}

export interface SelectionQuery extends Page {
  readonly namespace?: string;
  readonly node?: string;
  readonly image?: string;
  readonly state?: string;
}

/**
 * All that one person can see and do: of a cluster with their own token, or of a folder. @throws by every
 * method: ConsoleError with the problem to be shown, and the signal's reason once it aborts
 */
export interface Backend {
  readonly place: Extract<Session, { signedIn: true }>["place"];
  may(signal: AbortSignal): Promise<Extract<Session, { signedIn: true }>["may"]>;
  machineTypes(signal: AbortSignal): Promise<{
    readonly items: readonly MachineTypeView[];
    readonly version: string;
    readonly notes?: string[];
  }>;
  machineType(name: string, signal: AbortSignal): Promise<MachineTypeView>;
  createMachineType(draft: MachineTypeDraft, signal: AbortSignal): Promise<MachineTypeView>;
  replaceMachineType(draft: MachineTypeDraft, signal: AbortSignal): Promise<MachineTypeView>;
  deleteMachineType(name: string, resourceVersion: string | undefined, signal: AbortSignal): Promise<void>;
  preview(draft: MachineTypeDraft, deletion: boolean, signal: AbortSignal): Promise<Preview>;
  credentials(machineType: string, signal: AbortSignal): Promise<z.infer<typeof credentials>>;
  createCredential(
    machineType: string,
    draft: z.infer<typeof credentialDraft>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView>;
  rotateCredential(
    machineType: string,
    id: string,
    how: z.infer<typeof rotation>,
    signal: AbortSignal,
  ): Promise<MadeCredentialView>;
  revokeCredential(machineType: string, id: string, signal: AbortSignal): Promise<CredentialView>;
  matrix(image: string, signal: AbortSignal): Promise<Matrix>;
  nodes(query: NodeQuery, signal: AbortSignal): Promise<z.infer<typeof nodes>>;
  selections(query: SelectionQuery, signal: AbortSignal): Promise<z.infer<typeof selections>>;
  manifestLists(page: Page, signal: AbortSignal): Promise<z.infer<typeof manifestLists>>;
  /** Tells of changes until the signal aborts. */
  changes(tell: (change: Change) => void, signal: AbortSignal): Promise<void>;
}
