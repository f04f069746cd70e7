// The neighbour of the siege: connections that say nothing, bodies that never end or are packed, paths that nobody
// answers, and forged Bindings. Ends with its standard input.
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { gzipSync } from "node:zlib";
import { atRate } from "./pace.ts";
import { mostHeld, neighbour as rates } from "./rates.ts";
import { bindingOf, Reviews, readTarget } from "./reviews.ts";

const target = readTarget();
const reviews = new Reviews(target, 64);
const forged = new Reviews({ ...target, path: "/not-the-path" }, 64);
const ended = new AbortController();
const { signal } = ended;
/** Whether an attack works is read at those that it is against: what the webhook refuses is as it should be. */
const refused = (): void => undefined;

/** Keeps the newest of these open. */
function holding(open: () => Socket): () => Promise<void> {
  const held = new Set<Socket>();
  return async () => {
    const socket = open();
    socket.on("error", refused).once("close", () => held.delete(socket));
    held.add(socket);
    const [oldest] = held;
    if (held.size > mostHeld) oldest?.destroy();
  };
}

const { port, healthPort, ca, path } = target;
const host = "127.0.0.1";
const slowHead = `POST ${path}/mutate/pods HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n`;
const slowBody = Buffer.alloc(2_999_999, 0x20);
const opening = '{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","object":[';
const packed = gzipSync(Buffer.from(`${opening}${"[],".repeat(2_300_000)}[]]}}`));
const wrong = Buffer.alloc(65_536, 0x20);
const long = "n".repeat(1_000_000);

const attacks: Readonly<Record<keyof typeof rates, (row: number) => Promise<unknown>>> = {
  silentSockets: holding(() => connect({ host, port })),
  silentTls: holding(() => connectTls({ host, port, ca })),
  silentProbes: holding(() => connect({ host, port: healthPort })),
  wrongPaths: () => forged.post("/mutate/pods", wrong, 5_000),
  slowBodies: holding(() => {
    const socket = connectTls({ host, port, ca }, () => {
      socket.write(slowHead);
      socket.write(slowBody);
    });
    return socket;
  }),
  packedBodies: () => reviews.post("/mutate/pods", packed, 5_000, { "content-encoding": "gzip" }),
  longBindings: () => reviews.post("/validate/bindings", bindingOf("others", long, long, long), 10_000),
  forgedBindings: (row) =>
    reviews.post("/validate/bindings", bindingOf("others", `bound-${row}`, "another", `nowhere-${row % 7}`), 10_000),
};

for (const [name, perSecond] of Object.entries(rates)) {
  const attack = attacks[name as keyof typeof rates];
  atRate(perSecond, signal, async (row) => {
    await attack(row).catch(refused);
  });
}
process.stdout.write("attacks\n");
process.stdin.resume().once("end", () => process.exit(0));
