/** The IPv4 addresses that an IPv6 address stands for, where a gateway, a relay or the kernel would go there. */
export interface EmbeddedAddresses {
  readonly addresses: readonly string[];
  /** True where the address means something inside of one site alone. */
  readonly local: boolean;
}

type Groups = readonly number[];

/** @param address text that `isIPv6` accepts, without zone and brackets */
export function embeddedIpv4(address: string): EmbeddedAddresses {
  const parts = groupsOf(address);
  const addresses = forms.flatMap((form) => form(parts));
  return { addresses, local: isLocalNat64(parts) };
}

const forms: readonly ((parts: Groups) => readonly string[])[] = [
  // IPv4-mapped, ::ffff:a.b.c.d (RFC 4291, 2.5.5.2).
  (parts) => (zero(parts, 0, 5) && parts[5] === 0xffff ? [dotted(parts, 6)] : []),
  // IPv4-compatible, ::a.b.c.d, deprecated (RFC 4291, 2.5.5.1).
  (parts) => (zero(parts, 0, 6) && parts[6] !== 0 ? [dotted(parts, 6)] : []),
  // IPv4-translated, ::ffff:0:a.b.c.d (RFC 7915, formerly SIIT of RFC 2765).
  (parts) => (zero(parts, 0, 4) && parts[4] === 0xffff && parts[5] === 0 ? [dotted(parts, 6)] : []),
  // NAT64's well-known prefix 64:ff9b::/96 (RFC 6052, 2.1).
  (parts) => (parts[0] === 0x64 && parts[1] === 0xff9b && zero(parts, 2, 6) ? [dotted(parts, 6)] : []),
  (parts) => (isLocalNat64(parts) ? nat64(parts) : []),
  // 6to4, 2002:a.b.c.d::/48 (RFC 3056).
  (parts) => (parts[0] === 0x2002 ? [dotted(parts, 1)] : []),
  // Teredo, 2001::/32: its server, and its client with every bit turned (RFC 4380, 4).
  (parts) => (parts[0] === 0x2001 && parts[1] === 0 ? [dotted(parts, 2), dotted(parts.map(turned), 6)] : []),
  // ISATAP, an interface identifier of 0:5efe or 200:5efe under any prefix (RFC 5214, 6.1).
  (parts) => (((parts[4] ?? 0) & 0xfdff) === 0 && parts[5] === 0x5efe ? [dotted(parts, 6)] : []),
];

/** NAT64 inside a site, 64:ff9b:1::/48, with a prefix of the site's own choice (RFC 8215). */
function isLocalNat64(parts: Groups): boolean {
  return parts[0] === 0x64 && parts[1] === 0xff9b && parts[2] === 1;
}

/** Every prefix length that the site may have chosen: /48, /56, /64 and /96 (RFC 6052, 2.2; its octet 8 is zero). */
function nat64(parts: Groups): readonly string[] {
  const octets = parts.flatMap((part) => [part >> 8, part & 255]);
  const at = (positions: readonly number[]): string => positions.map((position) => octets[position] ?? 0).join(".");
  const rest = (from: number): boolean => octets[8] === 0 && octets.slice(from).every((octet) => octet === 0);
  return [
    ...(rest(11) ? [at([6, 7, 9, 10])] : []),
    ...(rest(12) ? [at([7, 9, 10, 11])] : []),
    ...(rest(13) ? [at([9, 10, 11, 12])] : []),
    ...(rest(11) ? [] : [at([12, 13, 14, 15])]),
  ];
}

function turned(part: number): number {
  return part ^ 0xffff;
}

function zero(parts: Groups, from: number, to: number): boolean {
  return parts.slice(from, to).every((part) => part === 0);
}

function dotted(parts: Groups, index: number): string {
  const [high = 0, low = 0] = parts.slice(index, index + 2);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

/** The eight groups. */
function groupsOf(address: string): Groups {
  const [head = "", tail] = address.split("::");
  const front = expand(head);
  if (tail === undefined) return front;
  const back = expand(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

function expand(part: string): readonly number[] {
  if (part === "") return [];
  return part.split(":").flatMap((piece) => {
    if (!piece.includes(".")) return [Number.parseInt(piece, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = piece.split(".").map(Number);
    return [a * 256 + b, c * 256 + d];
  });
}
