/** A kind of plain scalar that is no text. */
export interface ScalarKind {
  readonly tag: string;
  /** Whether a plain scalar may be of this kind. */
  readonly pattern: RegExp;
  /** The characters that such a scalar begins with; an empty one for no character at all. */
  readonly begins: readonly string[];
  /** The value; the text itself where it only looked like one. @throws Error for what JSON has no number for */
  readonly read: (text: string) => unknown;
  /** Whether a value of a program is written as this kind. */
  readonly holds: (value: unknown) => boolean;
}

/** Go's bounds of integers: what is written in base 2, 8 or 16 and lies beyond them stays text. */
const mostUnsigned = 2 ** 64;
const leastSigned = -(2 ** 63);

const decimal = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const unreal = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const digits = [..."0123456789"];

/**
 * The plain scalars that sigs.k8s.io/yaml reads as something else than text, in the order in which they are tried
 * (go.yaml.in/yaml/v2, resolve.go): `yes` and `y` are true, `0644` and `0o644` are octal, `1_000` is a number; times in
 * base 60 and dates stay text.
 */
export const scalarKinds: readonly ScalarKind[] = [
  {
    tag: "tag:yaml.org,2002:null",
    pattern: /^(?:~|null|Null|NULL)?$/,
    begins: ["", "~", "n", "N"],
    read: () => null,
    holds: (value) => value === null,
  },
  {
    tag: "tag:yaml.org,2002:bool",
    pattern: /^(?:[yYnN]|yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
    begins: [..."yYnNtTfFoO"],
    read: (text) => /^(?:y|t|on)/i.test(text),
    holds: (value) => typeof value === "boolean",
  },
  {
    tag: "tag:yaml.org,2002:int",
    pattern: /^(?:[-+]_*)?(?:0_*[xX][_\da-fA-F]+|0_*[bB][_01]+|0_*[oO][_0-7]+|\d[_\d]*)$/,
    begins: ["-", "+", ...digits],
    read: readNumber,
    holds: (value) => Number.isInteger(value),
  },
  {
    tag: "tag:yaml.org,2002:float",
    pattern:
      /^(?:[-+]_*)?(?:\d[_\d]*\.?[_\d]*|\.[_\d]*\d[_\d]*)(?:[eE]_*[-+]?[_\d]*\d_*)?$|^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/,
    begins: ["-", "+", ".", ...digits],
    read: readNumber,
    holds: (value) => typeof value === "number",
  },
];

/** Integers beyond 2^53 become the nearest number that JavaScript has. */
function readNumber(text: string): unknown {
  if (unreal.test(text)) throw new Error(`${text} is no number of JSON`);
  // Underscores part digits anywhere, save in what begins with the point.
  const bare = text.startsWith(".") ? text : text.replaceAll("_", "");
  const [, sign, base = "", rest] = /^([-+]?)(0[xXbBoO]|0(?=[0-7]+$))?(.*)$/.exec(bare) ?? [];
  if (base === "") return decimal.test(bare) ? finite(Number(bare), text) : text;
  const size = Number(`${base === "0" ? "0o" : base}${rest}`);
  const value = sign === "-" ? -size : size;
  return value > mostUnsigned || value < leastSigned ? text : finite(value, text);
}

function finite(value: number, text: string): unknown {
  if (!Number.isFinite(value)) return text;
  return value === 0 ? 0 : value;
}
