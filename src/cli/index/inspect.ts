import { formatFeature } from "../../hardware/feature.ts";
import { formatPlatform } from "../../hardware/platform.ts";
import type { OpenedImage } from "../../images/open.ts";
import { UsageError } from "../../process/failure.ts";
import { requirementText } from "../../selection/reason.ts";
import { type Column, renderTable } from "../terminal/table.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { safeText } from "../terminal/text.ts";

const columns: readonly Column[] = [
  { header: "ENTRY", align: "right" },
  { header: "PLATFORM" },
  { header: "REQUIRES", overflow: "wrap", minWidth: 20 },
  { header: "FORMAT" },
  { header: "DIGEST", minWidth: 12 },
];

/** The entries of an index for people. @throws UsageError for what is no index */
export function inspectionTable(opened: OpenedImage, { width, color }: Terminal): string {
  const { variants, warnings } = listOf(opened);
  const prioritized = variants.some(({ priority }) => priority !== 0);
  const table = renderTable({
    columns: prioritized ? [...columns, { header: "PRIORITY" }] : columns,
    rows: variants.map((variant) => [
      variant.position,
      formatPlatform(variant.platform),
      variant.requires.length === 0 ? "nothing" : requirementText(variant),
      variant.format,
      width === undefined ? variant.digest : variant.digest.slice(0, 19),
      variant.priority,
    ]),
    ...(width === undefined ? {} : { width }),
    color,
  });
  const notes = warnings.map((warning) => safeText(`note: ${warning}`));
  return [safeText(`${opened.shown}  ${opened.digest}`), table, ...notes].join("\n");
}

/** The same for programs. Stable. @throws UsageError for what is no index */
export function inspectionJson(opened: OpenedImage): object {
  const { variants, warnings } = listOf(opened);
  return {
    image: opened.shown,
    digest: opened.digest,
    variants: variants.map(({ digest, mediaType, size, platform, requires, position, priority, format }) => ({
      digest,
      mediaType,
      size,
      platform: formatPlatform(platform),
      requires: requires.map((group) => group.map(formatFeature)),
      position,
      priority,
      format,
    })),
    warnings,
  };
}

function listOf({ list, shown }: OpenedImage) {
  if (list === undefined) throw new UsageError(`${shown}: is one build, and no index of several`);
  return list;
}
