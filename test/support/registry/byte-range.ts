import type { Answer } from "./faults.ts";

/** The part of a whole answer that a `Range` header asks for: 206, 416, or the whole where it is no single range. */
export function cutToRange(answer: Answer, header: string | undefined): Answer {
  const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (answer.status !== 200 || from === undefined || to === undefined || (from === "" && to === "")) return answer;
  const size = answer.body.length;
  const first = from === "" ? Math.max(size - Number(to), 0) : Number(from);
  const last = from === "" || to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (first > last) {
    return { status: 416, headers: { "content-range": `bytes */${size}` }, body: Buffer.alloc(0) };
  }
  const headers = {
    ...answer.headers,
    "content-length": String(last - first + 1),
    "content-range": `bytes ${first}-${last}/${size}`,
  };
  return { status: 206, headers, body: answer.body.subarray(first, last + 1) };
}
