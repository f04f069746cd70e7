import { describe, expect, test } from "vitest";
import { type AddressClass, classifyAddress } from "./address.ts";

const table: readonly (readonly [address: string, kind: AddressClass])[] = [
  ["8.8.8.8", "public"],
  ["169.253.255.255", "public"],
  ["169.254.169.254", "forbidden"],
  ["169.254.0.1", "forbidden"],
  ["100.100.100.200", "forbidden"],
  ["100.100.100.201", "private"],
  ["168.63.129.16", "forbidden"],
  ["192.0.0.192", "forbidden"],
  ["224.0.0.1", "forbidden"],
  ["255.255.255.255", "forbidden"],
  ["127.0.0.1", "loopback"],
  ["127.9.9.9", "loopback"],
  ["0.0.0.0", "loopback"],
  ["10.1.2.3", "private"],
  ["172.31.255.255", "private"],
  ["172.32.0.0", "public"],
  ["192.168.0.1", "private"],
  ["2001:4860:4860::8888", "public"],
  ["::1", "loopback"],
  ["::", "loopback"],
  ["fe80::1", "forbidden"],
  ["fe80::1%eth0", "forbidden"],
  ["[fe80::1]", "forbidden"],
  ["fd00:ec2::254", "forbidden"],
  ["fd12:3456::1", "private"],
  ["ff02::1", "forbidden"],
  ["::ffff:169.254.169.254", "forbidden"],
  ["::ffff:a9fe:a9fe", "forbidden"],
  ["::ffff:127.0.0.1", "loopback"],
  ["::127.0.0.1", "loopback"],
  ["::ffff:8.8.8.8", "public"],
  ["64:ff9b::a9fe:a9fe", "forbidden"],
  ["64:ff9b::808:808", "public"],
  ["2002:a9fe:a9fe::1", "forbidden"],
  ["2002:7f00:1::", "loopback"],
  // RFC 8215, with each prefix length of RFC 6052
  ["64:ff9b:1::a9fe:a9fe", "forbidden"],
  ["64:ff9b:1:abcd::7f00:1", "loopback"],
  ["64:ff9b:1:a9fe:00a9:fe00::", "forbidden"],
  ["64:ff9b:1:12a9:00fe:a9fe::", "forbidden"],
  ["64:ff9b:1:1234:00a9:fea9:fe00:0", "forbidden"],
  ["64:ff9b:1::808:808", "private"],
  ["64:ff9b:2::a9fe:a9fe", "public"],
  // SIIT
  ["::ffff:0:169.254.169.254", "forbidden"],
  ["::ffff:0:127.0.0.1", "loopback"],
  ["::ffff:0:8.8.8.8", "public"],
  // Teredo: the client's address is the last one, with its bits turned; the server's is the first
  ["2001:0:0808:0808:0:0:5601:5601", "forbidden"],
  ["2001:0:a9fe:a9fe:0:0:f7f7:f7f7", "forbidden"],
  ["2001:0:0808:0808:0:0:f5fe:fdfc", "private"],
  ["2001:0:0808:0808:0:0:f7f7:f7f7", "public"],
  // ISATAP
  ["2a00:1450::5efe:169.254.169.254", "forbidden"],
  ["2a00:1450::200:5efe:127.0.0.1", "loopback"],
  ["fd12:3456::5efe:8.8.8.8", "private"],
  ["2a00:1450::5efe:8.8.8.8", "public"],
  ["localhost", "forbidden"],
  ["", "forbidden"],
  ["2130706433", "forbidden"],
];

describe("where an address leads", () => {
  test.each(table)("%s is %s", (address, kind) => {
    expect(classifyAddress(address)).toBe(kind);
  });
});
