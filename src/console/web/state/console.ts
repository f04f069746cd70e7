import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Session } from "../../contract/session.ts";
import { Api } from "../api/client.ts";
import { Events } from "../api/events.ts";
import { type Formats, formatsOf } from "../text/formats.ts";

export type SignedIn = Extract<Session, { signedIn: true }>;

/** Everything that a page needs of its surroundings. */
export interface Console {
  readonly api: Api;
  readonly events: Events;
  readonly formats: Formats;
  readonly session: SignedIn;
}

export const api = new Api();
export const events = new Events();
export const formats = formatsOf(navigator.language);

export const ConsoleContext = createContext<Console | undefined>(undefined);

export function useConsole(): Console {
  const console = useContext(ConsoleContext);
  if (console === undefined) throw new Error("a page stands outside of the console");
  return console;
}

/** Numbers and times: also where nobody is signed in. */
export function useFormats(): Formats {
  return formats;
}
