import type { BundledPackage } from "./packages.ts";

const rule = "-".repeat(100);

/** A generated table that carries data of others, with the notice at its head. */
export interface Table {
  /** As it stands in the list, with its licence. */
  readonly shown: string;
  readonly title: string;
  readonly file: string;
  readonly notice: string;
}

/** The text of NOTICE: every package once in the list, every licence text once with the packages that carry it. */
export function renderNotice(packages: readonly BundledPackage[], tables: readonly Table[]): string {
  const carriers = new Map<string, string[]>();
  for (const { name, version, texts } of packages) {
    for (const text of texts) carriers.set(text, [...(carriers.get(text) ?? []), `${name} ${version}`]);
  }
  const list = packages.map(({ name, version, license }) => `- ${name} ${version} (${license})`);
  const sections = [...carriers].map(([text, names]) => `${rule}\n${wrapped(names)}\n${rule}\n\n${text}\n`);
  return [
    "MetaHub\nCopyright the MetaHub authors\n",
    "Licensed under the Apache License, Version 2.0: see LICENSE.\n",
    "Made by scripts/generate-notice.ts from what the bundle of src/main.ts holds; do not edit.\n",
    `The program (dist/metahub.mjs and its chunks) carries the work of others, each under its own licence:\n`,
    `${[...tables.map(({ shown }) => `- ${shown}`), ...list].join("\n")}\n`,
    "Their notices and licences follow.\n",
    ...tables.map(({ title, file, notice }) => `${rule}\n${title}: ${file}\n${rule}\n\n${notice}\n`),
    ...sections,
  ].join("\n");
}

/** The comment at the head of a generated file, from its SPDX line on. @throws Error where there is none */
export function headNotice(source: string): string {
  const head = source.split("\n");
  const comment = head
    .slice(
      0,
      head.findIndex((line) => !line.startsWith("//")),
    )
    .map((line) => line.slice(3).trimEnd());
  const first = comment.findIndex((line) => line.startsWith("SPDX-License-Identifier"));
  if (first === -1) throw new Error("a generated table has lost its upstream notice");
  return comment.slice(first).join("\n").trimEnd();
}

function wrapped(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const last = lines.at(-1);
    if (last === undefined || last.length + name.length + 2 > rule.length) lines.push(name);
    else lines[lines.length - 1] = `${last}, ${name}`;
  }
  return lines.join(",\n");
}
