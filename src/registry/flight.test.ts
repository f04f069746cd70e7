import { describe, expect, test } from "vitest";
import { Flights } from "./flight.ts";

const { signal } = new AbortController();

describe("Flights", () => {
  test("many callers, one piece of work", async () => {
    const flights = new Flights<number>();
    let runs = 0;
    const work = async (): Promise<number> => {
      runs += 1;
      return runs;
    };
    expect(await Promise.all([1, 2, 3].map(() => flights.join("k", signal, work)))).toEqual([1, 1, 1]);
    expect(await flights.join("k", signal, work)).toBe(2);
    expect(flights.size).toBe(0);
  });

  test("a waiter that gives up does not end the work of the others; the last one does", async () => {
    const flights = new Flights<string>();
    let inner: AbortSignal | undefined;
    let finish: ((value: string) => void) | undefined;
    const work = (given: AbortSignal): Promise<string> => {
      inner = given;
      return new Promise((resolve, reject) => {
        finish = resolve;
        given.addEventListener("abort", () => reject(given.reason));
      });
    };
    const [first, second] = [new AbortController(), new AbortController()];
    const waiting = [flights.join("k", first.signal, work), flights.join("k", second.signal, work)] as const;
    first.abort(new Error("deadline"));
    await expect(waiting[0]).rejects.toMatchObject({ code: "ABORTED", cause: new Error("deadline") });
    expect(inner?.aborted).toBe(false);
    finish?.("done");
    expect(await waiting[1]).toBe("done");

    const third = new AbortController();
    const alone = flights.join("k", third.signal, work);
    third.abort();
    await expect(alone).rejects.toMatchObject({ code: "ABORTED" });
    expect(inner?.aborted).toBe(true);
    expect(flights.size).toBe(0);
    const afresh = flights.join("k", signal, work);
    finish?.("again");
    expect(await afresh).toBe("again");
  });

  test("a failure reaches every waiter, and is not kept", async () => {
    const flights = new Flights<string>();
    const fail = (): Promise<string> => Promise.reject(new Error("no"));
    const both = [flights.join("k", signal, fail), flights.join("k", signal, fail)];
    for (const each of both) await expect(each).rejects.toThrow("no");
    expect(await flights.join("k", signal, async () => "yes")).toBe("yes");
  });
});
