import { styleText } from "node:util";
import { safeText, textWidth, truncate, wrap } from "./text.ts";

export type CellStyle = Extract<Parameters<typeof styleText>[0], string>;

/** The content of a cell. A style takes effect only in a table with colour. Undefined is an empty cell. */
export type Cell = string | number | bigint | undefined | { readonly text: string; readonly style: CellStyle };

export interface Column {
  readonly header: string;
  /** Without it: right where every filled cell is a number, otherwise left. */
  readonly align?: "left" | "right";
  /** Terminal columns below which this one is not squeezed. Default: its header's width, 12 at most. */
  readonly minWidth?: number;
  /** Terminal columns that this one takes at most, in a table of limited width. */
  readonly maxWidth?: number;
  /** The way of text that is wider than its column. Default `truncate`. */
  readonly overflow?: "truncate" | "wrap";
}

export interface Table {
  readonly columns: readonly Column[];
  /** Cells by column; missing ones are empty. */
  readonly rows: readonly (readonly Cell[])[];
  /** Terminal columns to fit. Undefined for a file or a pipe: nothing is cut or wrapped there, since programs read it. */
  readonly width?: number;
  /** Whether to write colours. Default false; whether the user wants them is the caller's to know. */
  readonly color?: boolean;
}

/** Blanks between two columns. */
const gap = 2;
const headerStyle: CellStyle = "bold";
/** Terminal columns that a column keeps where nothing else is said: a shortened digest. */
const defaultMin = 12;

interface Shown {
  readonly text: string;
  readonly style?: CellStyle;
}

/**
 * The table as aligned lines, the header first, without a newline at the end. Control characters in cells and headers
 * are taken out. A table that cannot fit even with every column at its least width is as wide as it must be.
 */
export function renderTable({ columns, rows, width, color = false }: Table): string {
  const cells = rows.map((row) => columns.map((_, index) => shown(row[index])));
  const header = columns.map((column) => ({ text: safeText(column.header), style: headerStyle }));
  const widths = columnWidths(columns, [header, ...cells], width);
  const right = columns.map((column, index) => (column.align ?? natural(rows, index)) === "right");
  const lines: string[] = [];
  for (const row of [header, ...cells]) {
    const blocks = row.map((cell, index) => layOut(cell.text, widths[index] ?? 0, columns[index]));
    const height = Math.max(1, ...blocks.map((block) => block.length));
    for (let line = 0; line < height; line++) {
      const parts = blocks.map((block, index) => {
        const text = block[line] ?? "";
        const padding = " ".repeat(Math.max(0, (widths[index] ?? 0) - textWidth(text)));
        const painted = paint(text, row[index]?.style, color);
        return right[index] === true ? padding + painted : painted + padding;
      });
      lines.push(parts.join(" ".repeat(gap)).trimEnd());
    }
  }
  return lines.join("\n");
}

function shown(cell: Cell): Shown {
  if (cell === undefined) return { text: "" };
  if (typeof cell === "object") return { text: safeText(cell.text), style: cell.style };
  return { text: safeText(String(cell)) };
}

function natural(rows: Table["rows"], index: number): "left" | "right" {
  const filled = rows.map((row) => row[index]).filter((cell) => cell !== undefined && cell !== "");
  return filled.length > 0 && filled.every((cell) => typeof cell === "number" || typeof cell === "bigint")
    ? "right"
    : "left";
}

/** Columns as wide as their widest cell; where the table is too wide, the widest gives way first. */
function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly Shown[])[],
  width: number | undefined,
): number[] {
  const widths = columns.map((_, index) =>
    rows.reduce((most, row) => Math.max(most, textWidth(row[index]?.text ?? "")), 0),
  );
  if (width === undefined) return widths;
  const least = columns.map(({ header, minWidth }) => minWidth ?? Math.min(textWidth(safeText(header)), defaultMin));
  columns.forEach(({ maxWidth = width }, index) => {
    widths[index] = Math.min(widths[index] ?? 0, Math.max(maxWidth, least[index] ?? 0));
  });
  let excess = widths.reduce((sum, each) => sum + each, gap * (columns.length - 1)) - width;
  while (excess > 0) {
    let widest = -1;
    widths.forEach((each, index) => {
      if (each > (least[index] ?? 0) && (widest === -1 || each > (widths[widest] ?? 0))) widest = index;
    });
    if (widest === -1) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess--;
  }
  return widths;
}

function layOut(text: string, width: number, column: Column | undefined): string[] {
  if (textWidth(text) <= width) return [text];
  return column?.overflow === "wrap" && width > 0 ? wrap(text, width) : [truncate(text, width)];
}

function paint(text: string, style: CellStyle | undefined, color: boolean): string {
  if (!color || style === undefined || text === "") return text;
  // The caller has decided; styleText would otherwise look at this process's stdout.
  return styleText(style, text, { validateStream: false });
}
