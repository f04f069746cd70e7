import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Metafile } from "esbuild";

/** A package of which the bundle holds at least one byte. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, as package.json has it. */
  readonly license: string;
  /** Texts of its licence and notice files, in order of their names; its author where it has no such file. */
  readonly texts: readonly string[];
}

/** Folders of the packages in a bundle, from the root, sorted. A file that left no byte in the bundle does not count. */
export function packageFolders({ outputs }: Pick<Metafile, "outputs">): readonly string[] {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(outputs)) {
    for (const [file, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  return [...folders].sort();
}

/** @throws Error where the package says no licence */
export function readPackage(folder: string): BundledPackage {
  const manifest: Readonly<Record<string, unknown>> = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const name = textOf(manifest["name"]);
  const version = textOf(manifest["version"]);
  const license = textOf(manifest["license"]);
  if (name === "" || version === "" || license === "") {
    throw new Error(`${folder}/package.json: name, version and license are needed to say whose work the bundle holds`);
  }
  const files = readdirSync(folder).filter((file) =>
    /^(licen[sc]e|copying|notice)([.-](?!js$|d\.ts$).*)?$/i.test(file),
  );
  const texts = files.sort().map((file) => tidy(readFileSync(join(folder, file), "utf8")));
  const author = manifest["author"];
  const owner =
    typeof author === "object" && author !== null && "name" in author ? textOf(author.name) : textOf(author);
  return { name, version, license, texts: texts.length > 0 ? texts : [`${license}, by ${owner || "its authors"}`] };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Line ends and blanks that nobody sees must not make two texts of one. */
function tidy(text: string): string {
  const lines = text
    .replaceAll("\r\n", "\n")
    .replace(/^\uFEFF/, "")
    .split("\n");
  return lines
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/^\n+|\n+$/g, "");
}
