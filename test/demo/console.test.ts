import { expect, test } from "vitest";
import { type RunningConsole, runConsoleDemo } from "./console.ts";

test("the demonstration of the console lets its user in, shows the examples, and ends", async () => {
  const ended = new AbortController();
  const ready = Promise.withResolvers<RunningConsole>();
  const running = runConsoleDemo(() => undefined, ended.signal, ready.resolve);
  void running.catch(ready.reject);
  try {
    const { url, user, password } = await ready.promise;
    const headers = { "content-type": "application/json", "sec-fetch-site": "same-origin" };
    const signedIn = await fetch(`${url}/api/v1/session`, {
      method: "POST",
      headers,
      body: JSON.stringify({ way: "password", user, password }),
    });
    expect(signedIn.status).toBe(201);
    const cookie = signedIn.headers.get("set-cookie")?.split(";", 1)[0] ?? "";
    const types = await fetch(`${url}/api/v1/matrix?image=qnib/bench`, { headers: { ...headers, cookie } });
    const { machines }: { machines: { name: string }[] } = JSON.parse(await types.text());
    expect(machines.map(({ name }) => name)).toEqual(expect.arrayContaining(["type1", "type2", "type3", "type4"]));
  } finally {
    ended.abort(new Error("seen"));
    await running;
  }
});
