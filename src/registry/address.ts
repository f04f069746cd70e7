import { BlockList, isIPv4, isIPv6 } from "node:net";
import { embeddedIpv4 } from "./embedded-address.ts";

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

/** The worst first: forbidden addresses lie inside private ranges. */
const classes = ["forbidden", "loopback", "private"] as const;
const lists4 = classes.map((name) => [name, blockList(ipv4[name], "ipv4")] as const);
const lists6 = classes.map((name) => [name, blockList(ipv6[name], "ipv6")] as const);

/** Where an IP address leads: an IPv6 address also to where the IPv4 addresses in it lead. Other text is `forbidden`. */
export function classifyAddress(address: string): AddressClass {
  if (isIPv4(address)) return find(lists4, address, "ipv4");
  const bare = address.replace(/^\[|\]$/g, "").replace(/%.*$/, "");
  if (!isIPv6(bare)) return "forbidden";
  const { addresses, local } = embeddedIpv4(bare);
  const led = addresses.map((inner) => find(lists4, inner, "ipv4"));
  return worst([find(lists6, bare, "ipv6"), ...(local ? (["private"] as const) : []), ...led]);
}

function find(lists: typeof lists4, address: string, family: "ipv4" | "ipv6"): AddressClass {
  return lists.find(([, list]) => list.check(address, family))?.[0] ?? "public";
}

function worst(found: readonly AddressClass[]): AddressClass {
  return classes.find((one) => found.includes(one)) ?? "public";
}
