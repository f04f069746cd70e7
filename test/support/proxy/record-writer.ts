import { createInterface } from "node:readline";
import { FileRecord } from "../../../src/proxy/file-record.ts";
import { madeForm } from "../../../src/proxy/made-record.ts";

/**
 * Writes numbered indexes into a record, as one of several processes, and looks for each as another one would:
 * `record-writer.ts FILE BYTES NAME COUNT`. Says "ready", then writes COUNT for each line on standard input and says how
 * many of them it did not find again: so nobody is so far ahead of another that its lines are the oldest, and shortened away.
 */
const [file = "", mostBytes = "", name = "", count = ""] = process.argv.slice(2);
const options = { file, form: madeForm, mostBytes: Number(mostBytes) };
const record = new FileRecord(options);
let number = 0;
process.stdout.write("ready\n");
for await (const _line of createInterface({ input: process.stdin })) {
  let lost = 0;
  for (const end = number + Number(count); number < end; number += 1) {
    const digest = `sha256:${number}`;
    await record.add([{ digest, name, from: "f", build: "b" }]);
    const read = await new FileRecord(options).read();
    if (read?.some((one) => one.digest === digest && one.name === name) !== true) lost += 1;
  }
  process.stdout.write(`${lost}\n`);
}
