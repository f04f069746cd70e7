import { needsOf } from "../../explaining/needs.ts";
import type { Explanation, Row } from "../../explaining/rows.ts";
import { formatPlatform } from "../../hardware/platform.ts";
import type { Variant } from "../../oci/variant.ts";
import { requirementText } from "../../selection/reason.ts";
import type { Outcome, RankingRule } from "../../selection/selection.ts";
import { few } from "../../text/few.ts";
import { type Cell, renderTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { safeText, wrap } from "../terminal/text.ts";

/** Digits of a digest that are shown, as many as registries' own tools show. */
const digestDigits = 12;
/** Names before a group of machines says how many more there are. */
const maxNames = 6;
/** Distinct offers that are written out for one answer. */
const maxOffers = 6;

const byRule: Readonly<Record<RankingRule, string>> = {
  "fallback-platform": "is for the machine's own architecture",
  dominance: "is closer: it requires all of this, and more",
  priority: "has a higher priority",
  accelerator: "uses the accelerator better",
  equality: "matches more of what the machine declares",
  isa: "uses the CPU better",
  version: "asks for newer software",
  groups: "requires more",
  alternatives: "is more specific",
  format: "is in a format that fits better",
  position: "comes first in the index",
};

/** The answer for people: the builds, what each machine gets, and why not the others. */
export function explanationTable(explanation: Explanation, terminal: Terminal): string {
  const { rows } = explanation;
  const sections = [heading(explanation), builds(explanation, terminal), gets(explanation, terminal)];
  if (explanation.list !== undefined) sections.push(...whyNot(rows, terminal));
  const warnings = new Map<string, Row[]>();
  for (const row of rows) for (const text of row.warnings) warnings.set(text, [...(warnings.get(text) ?? []), row]);
  sections.push(
    ...warningLines(
      [...warnings].map(([text, of]) => (of.length === rows.length ? text : `${names(of)}: ${text}`)),
      terminal,
    ),
  );
  return sections.filter((section) => section !== "").join("\n\n");
}

/** The reverse question: what a machine must offer for each build. */
export function requirementsTable(explanation: Omit<Explanation, "rows">, { width, color }: Terminal): string {
  const { list } = explanation;
  const rows = (list?.variants ?? []).flatMap((variant): Cell[][] => {
    const start = [variant.position, short(variant.digest), formatPlatform(variant.platform)];
    const needs = needsOf(variant);
    if (needs.length === 0) return [[...start, "nothing more: the generic build"]];
    return needs.map(({ means }, index) => [
      ...(index === 0 ? start : ["", "", ""]),
      `${index === 0 ? "" : "and "}${means}`,
    ]);
  });
  const columns = [
    { header: "BUILD", align: "right" as const },
    { header: "DIGEST" },
    { header: "PLATFORM" },
    { header: "A MACHINE MUST OFFER", overflow: "wrap" as const, minWidth: 24 },
  ];
  const table = rows.length === 0 ? "" : renderTable({ columns, rows, ...limit(width), color });
  const sections = [heading(explanation), table, ...warningLines(list?.warnings ?? [], { width, color })];
  return sections.filter((section) => section !== "").join("\n\n");
}

function heading({ image, digest, list, madeOf }: Omit<Explanation, "rows">): string {
  const count = list?.variants.length;
  const what = count === undefined ? "one build, no index" : `${count} ${count === 1 ? "build" : "builds"}`;
  return safeText(`${image}  ${madeOf === undefined ? short(digest) : `by ${madeOf}`}  ${what}`);
}

function builds({ list }: Explanation, { width, color }: Terminal): string {
  if (list === undefined || list.variants.length === 0) return "";
  return renderTable({
    columns: [
      { header: "BUILD", align: "right" },
      { header: "DIGEST" },
      { header: "PLATFORM" },
      { header: "REQUIRES", overflow: "wrap", minWidth: 20 },
    ],
    rows: list.variants.map((variant) => [
      variant.position,
      variant.name === undefined ? short(variant.digest) : `${variant.name}@${short(variant.digest)}`,
      formatPlatform(variant.platform),
      requires(variant),
    ]),
    ...limit(width),
    color,
  });
}

function gets({ rows }: Explanation, { width, color }: Terminal): string {
  return renderTable({
    columns: [
      { header: "MACHINE", overflow: "wrap", minWidth: 16 },
      { header: "GETS", overflow: "wrap", minWidth: 14 },
      { header: "WHY", overflow: "wrap", minWidth: 20 },
    ],
    rows: rows.map((row) => [nameOf(row), answer(row), row.reason]),
    ...limit(width),
    color,
  });
}

function answer(row: Row): Cell {
  if (row.nothingFits) return { text: "nothing", style: "red" };
  if (row.action === "leave") return { text: "as written", style: "dim" };
  const won = row.considered.find(({ outcome }) => outcome === "selected");
  return won === undefined
    ? "as written"
    : { text: `${won.variant.position} ${requires(won.variant)}`, style: "green" };
}

/** For each distinct answer: who gets it, what they offer, and every build that they do not get. */
function whyNot(rows: readonly Row[], terminal: Terminal): readonly string[] {
  // Rows of one selection share it, so that thousands of nodes are compared as few.
  const selections = Map.groupBy(rows, ({ considered }) => considered);
  const answers = Map.groupBy(selections, ([considered]) => JSON.stringify(considered.map(reasonAgainst)));
  return [...answers.values()].map((alike) => {
    const [first] = alike;
    const offers = alike.map(([, group]) => offerLine(group, terminal));
    const more = offers.length - maxOffers;
    const lines = more > 0 ? [...offers.slice(0, maxOffers), `and machines of ${more} more kinds:`] : offers;
    const reasons = first === undefined ? "" : reasonsTable(first[0], terminal);
    return [...lines, ...(reasons === "" ? [] : [reasons])].join("\n");
  });
}

function offerLine(group: readonly Row[], { width }: Terminal): string {
  const [first] = group;
  const offers = first === undefined || first.offers.length === 0 ? "nothing beyond it" : first.offers.join(", ");
  return folded(`${names(group)} ${group.length === 1 ? "offers" : "offer"} ${first?.platform}: ${offers}`, width);
}

function reasonsTable(considered: readonly Outcome[], { width, color }: Terminal): string {
  const against = Map.groupBy(
    considered.filter(({ outcome }) => outcome !== "selected"),
    reasonAgainst,
  );
  if (against.size === 0) return "";
  return renderTable({
    columns: [
      { header: "  NOT", overflow: "wrap", minWidth: 8, maxWidth: 20 },
      { header: "REQUIRES", overflow: "wrap", minWidth: 16 },
      { header: "BECAUSE", overflow: "wrap", minWidth: 20 },
    ],
    rows: [...against].map(([reason, outcomes]) => {
      const [only, ...others] = outcomes;
      const alone = only !== undefined && others.length === 0;
      const positions = outcomes.map(({ variant }) => variant.position).join(", ");
      return [`  ${positions}`, alone ? requires(only.variant) : "", reason];
    }),
    ...limit(width),
    color,
  });
}

function reasonAgainst(outcome: Outcome): string {
  switch (outcome.outcome) {
    case "selected":
      return "";
    case "outranked":
      return `${outcome.by.position} ${byRule[outcome.rule]}`;
    case "incompatible":
      return outcome.platformMismatch
        ? `it is for ${formatPlatform(outcome.variant.platform)}`
        : `the machine lacks ${requirementText({ ...outcome.variant, requires: outcome.missing })}`;
  }
}

function requires(variant: Variant): string {
  return variant.requires.length === 0 ? "generic" : requirementText(variant);
}

function nameOf({ machine }: Row): string {
  return `${machine.kind.toLowerCase()}/${machine.name}`;
}

function names(rows: readonly Row[]): string {
  return few(rows.map(nameOf), maxNames);
}

function warningLines(warnings: readonly string[], { width, color }: Terminal): readonly string[] {
  if (warnings.length === 0) return [];
  const rows = warnings.map((text): Cell[] => [{ text: "warning", style: "yellow" }, text]);
  const columns = [{ header: "" }, { header: "", overflow: "wrap" as const, minWidth: 20 }];
  // Without the line of headers, which are empty here.
  const [, ...lines] = renderTable({ columns, rows, ...limit(width), color }).split("\n");
  return [lines.join("\n")];
}

function folded(text: string, width: number | undefined): string {
  return width === undefined ? safeText(text) : wrap(safeText(text), width).join("\n");
}

/** `sha256:` and twelve digits, as registries' own tools shorten it. */
function short(digest: string): string {
  const colon = digest.indexOf(":");
  return digest.slice(0, colon + 1 + digestDigits);
}

function limit(width: number | undefined): { readonly width?: number } {
  return width === undefined ? {} : { width };
}
