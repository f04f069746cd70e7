import { FileRecord } from "../../../src/proxy/file-record.ts";

/**
 * Writes numbered indexes into a record, as one of several processes, and looks for each as another one would:
 * `record-writer.ts FILE BYTES NAME COUNT`. Exits with 1 where one is not there.
 */
const [file = "", mostBytes = "", name = "", count = ""] = process.argv.slice(2);
const record = new FileRecord({ file, mostBytes: Number(mostBytes) });
// All begin together, once each is there.
process.stdout.write("ready\n");
process.stdin.once("data", () => void write());

async function write(): Promise<void> {
  for (let number = 0; number < Number(count); number += 1) {
    const digest = `sha256:${number}`;
    await record.add([{ digest, name, from: "f", build: "b" }]);
    const read = await new FileRecord({ file, mostBytes: Number(mostBytes) }).read();
    if (read?.some((one) => one.digest === digest && one.name === name) === true) continue;
    process.stderr.write(`${name} ${digest} is lost\n`);
    process.exit(1);
  }
  process.exit(0);
}
