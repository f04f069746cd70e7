const quantity = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(Ki|Mi|Gi|Ti|Pi|Ei|[numkMGTPE]|[eE][+-]?[0-9]{1,2})?$/;
const plain = /^[0-9]{1,18}$/;
/** Quantities are short; longer text is not one that an API server wrote, and BigInt's cost grows with it. */
const longest = 64;

const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binarySuffixes: Readonly<Record<string, bigint>> = { Ki: 10n, Mi: 20n, Gi: 30n, Ti: 40n, Pi: 50n, Ei: 60n };

/**
 * The whole units of a Kubernetes quantity, rounded up as the scheduler does for extended resources
 * (apimachinery, resource.Quantity: grammar in its doc comment, `Value()` rounds up). Undefined for anything else.
 */
export function parseQuantity(text: string): bigint | undefined {
  if (plain.test(text)) return BigInt(text);
  if (text.length > longest) return undefined;
  const match = quantity.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", suffix = ""] = match;
  if (whole === "" && fraction === "") return undefined;
  let numerator = BigInt(whole + fraction);
  if (sign === "-") numerator = -numerator;
  const binary = binarySuffixes[suffix];
  if (binary !== undefined) return ceilDivide(numerator << binary, 10n ** BigInt(fraction.length));
  const exponent = (decimal[suffix] ?? Number(suffix.slice(1))) - fraction.length;
  return exponent >= 0 ? numerator * 10n ** BigInt(exponent) : ceilDivide(numerator, 10n ** BigInt(-exponent));
}

function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator > 0n && numerator % denominator !== 0n ? quotient + 1n : quotient;
}
