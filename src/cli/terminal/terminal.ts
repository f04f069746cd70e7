import type { CommandContext } from "../../process/context.ts";

/** Where an answer goes. */
export interface Terminal {
  /** Columns; undefined for a file or a pipe, where nothing is cut or wrapped, since programs read it. */
  readonly width: number | undefined;
  readonly color: boolean;
}

/** Columns of a terminal that does not say how many it has. */
const usualWidth = 80;

/** Colours and widths are for terminals, and colours for those that want them (https://no-color.org). */
export function terminalOf({ stdout, env }: Pick<CommandContext, "stdout" | "env">): Terminal {
  if (stdout.isTTY !== true) return { width: undefined, color: false };
  const plain = (env["NO_COLOR"] ?? "") !== "" || env["TERM"] === "dumb";
  return { width: stdout.columns === undefined || stdout.columns < 1 ? usualWidth : stdout.columns, color: !plain };
}
