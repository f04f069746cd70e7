import { Agent, request } from "undici";

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: () => ReturnType<typeof JSON.parse>;
  readonly url: URL;
}

/** What a browser does with addresses and cookies, and no more: goes where it is sent, and keeps cookies by origin. */
export class TestBrowser {
  readonly cookies = new Map<string, Map<string, string>>();
  readonly #agent: Agent;
  readonly #console: URL;
  csrf = "";

  /** @param authorities PEM of all whose pages are looked at */
  constructor(console: URL, authorities: readonly string[] = []) {
    this.#console = console;
    this.#agent = new Agent({ connect: { ca: [...authorities] } });
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  /** Goes to an address, and wherever that sends it. */
  async go(address: URL | string): Promise<Page> {
    let url = new URL(address, this.#console);
    for (let hops = 0; hops < 12; hops++) {
      const page = await this.#ask(url, "GET", { "sec-fetch-site": "none" });
      const location = page.headers["location"];
      if (typeof location !== "string") return page;
      const next = new URL(location, url);
      if (next.hash !== "") return { ...page, url: next };
      url = next;
    }
    throw new Error(`sent in circles: ${url.href}`);
  }

  /** One request without following, as a navigation. */
  hop(address: URL | string): Promise<Page> {
    return this.#ask(new URL(address, this.#console), "GET", { "sec-fetch-site": "cross-site" });
  }

  /** Asks the console's API as its page does. */
  async api(method: string, path: string, body?: unknown): Promise<Page> {
    const headers = { "sec-fetch-site": "same-origin", ...(method === "GET" ? {} : { "x-metahub-csrf": this.csrf }) };
    const page = await this.#ask(new URL(`/api/v1${path}`, this.#console), method, headers, body);
    if (path === "/session" && page.status < 300 && page.text !== "") this.csrf = page.json().csrf ?? "";
    return page;
  }

  async #ask(url: URL, method: string, headers: Readonly<Record<string, string>>, body?: unknown): Promise<Page> {
    const jar = this.cookies.get(url.origin) ?? new Map<string, string>();
    this.cookies.set(url.origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await request(url, {
      method: method as "GET",
      dispatcher: this.#agent,
      headers: {
        ...headers,
        ...(cookie === "" ? {} : { cookie }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const set of [answer.headers["set-cookie"] ?? []].flat()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value === "" || /max-age=0\b/i.test(set)) jar.delete(name);
      else jar.set(name, value);
    }
    const text = await answer.body.text();
    return { status: answer.statusCode, headers: answer.headers, text, json: () => JSON.parse(text), url };
  }
}
