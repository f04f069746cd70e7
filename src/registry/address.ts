import { BlockList, isIPv4, isIPv6 } from "node:net";

/**
 * The kind of network that an address leads to. `forbidden` is link-local (where clouds keep their metadata servers),
 * metadata servers elsewhere, multicast and reserved space: no registry lives there.
 */
export type AddressClass = "public" | "private" | "loopback" | "forbidden";

type Range = readonly [network: string, prefix: number];

/** IANA special-purpose registries (RFC 6890) and the metadata servers that lie outside link-local space. */
const ipv4: Readonly<Record<Exclude<AddressClass, "public">, readonly Range[]>> = {
  forbidden: [
    ["169.254.0.0", 16], // link-local, RFC 3927; metadata of AWS, Azure, Google, OpenStack
    ["100.100.100.200", 32], // Alibaba Cloud's metadata server
    ["168.63.129.16", 32], // Azure's platform address ("WireServer")
    ["192.0.0.0", 24], // RFC 6890; Oracle Cloud's metadata server is 192.0.0.192
    ["224.0.0.0", 4], // multicast
    ["240.0.0.0", 4], // reserved and broadcast
  ],
  loopback: [
    ["127.0.0.0", 8],
    ["0.0.0.0", 8], // "this host": Linux connects it to itself
  ],
  private: [
    ["10.0.0.0", 8],
    ["172.16.0.0", 12],
    ["192.168.0.0", 16],
    ["100.64.0.0", 10], // carrier-grade NAT, RFC 6598; many clusters use it for Pods
    ["198.18.0.0", 15], // benchmarking, RFC 2544
  ],
};

const ipv6: Readonly<Record<Exclude<AddressClass, "public">, readonly Range[]>> = {
  forbidden: [
    ["fe80::", 10], // link-local
    ["fd00:ec2::", 32], // AWS metadata (::254) and its neighbours
    ["fd20:ce::254", 128], // Google Cloud's metadata server
    ["ff00::", 8], // multicast
  ],
  loopback: [
    ["::1", 128],
    ["::", 128],
  ],
  private: [
    ["fc00::", 7], // unique local, RFC 4193
    ["fec0::", 10], // site-local, deprecated by RFC 3879, still routed by some
  ],
};

function blockList(ranges: readonly Range[], family: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

/** Order matters: forbidden addresses lie inside private ranges. */
const classes = ["forbidden", "loopback", "private"] as const;
const lists4 = classes.map((name) => [name, blockList(ipv4[name], "ipv4")] as const);
const lists6 = classes.map((name) => [name, blockList(ipv6[name], "ipv6")] as const);

/** The sixteen bytes' eight groups of an IPv6 address that `isIPv6` accepted, zone already removed. */
function groups(address: string): readonly number[] {
  const [head = "", tail] = address.split("::");
  const expand = (part: string): number[] =>
    part === ""
      ? []
      : part.split(":").flatMap((piece) => {
          if (!piece.includes(".")) return [Number.parseInt(piece, 16)];
          const [a = 0, b = 0, c = 0, d = 0] = piece.split(".").map(Number);
          return [a * 256 + b, c * 256 + d];
        });
  const front = expand(head);
  if (tail === undefined) return front;
  const back = expand(tail);
  return [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
}

/** The IPv4 address that an IPv6 address stands for, where a gateway or the kernel would go there. */
function embedded(address: string): string | undefined {
  const parts = groups(address);
  const at = (index: number): string => {
    const high = parts[index] ?? 0;
    const low = parts[index + 1] ?? 0;
    return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
  };
  const zero = (from: number, to: number): boolean => parts.slice(from, to).every((part) => part === 0);
  if (zero(0, 5) && parts[5] === 0xffff) return at(6); // IPv4-mapped, RFC 4291
  if (zero(0, 6) && (parts[6] ?? 0) !== 0) return at(6); // IPv4-compatible, deprecated
  if (parts[0] === 0x64 && parts[1] === 0xff9b && zero(2, 6)) return at(6); // NAT64, RFC 6052
  if (parts[0] === 0x2002) return at(1); // 6to4, RFC 3056
  return undefined;
}

/** Where an IP address leads. Text that is no IP address is `forbidden`. */
export function classifyAddress(address: string): AddressClass {
  if (isIPv4(address)) {
    return lists4.find(([, list]) => list.check(address, "ipv4"))?.[0] ?? "public";
  }
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!isIPv6(bare)) return "forbidden";
  const inner = embedded(bare);
  if (inner !== undefined) return classifyAddress(inner);
  return lists6.find(([, list]) => list.check(bare, "ipv6"))?.[0] ?? "public";
}
