import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { type BuildOptions, build } from "esbuild";
import { root } from "./bundle.ts";

const web = join(root, "src/console/web");

/** How the console's page is bundled. Names hold a hash of the content: they may be kept for ever. */
export const consoleBundle = {
  metafile: true,
  absWorkingDir: root,
  entryPoints: { console: join(web, "main.tsx"), style: join(web, "style/main.css"), icon: join(web, "icon.svg") },
  loader: { ".svg": "copy" },
  outdir: join(root, "dist/console"),
  entryNames: "[name]-[hash]",
  bundle: true,
  format: "esm",
  platform: "browser",
  // What has light-dark() and CSS nesting: the browsers of the last two years.
  target: ["chrome123", "firefox120", "safari17.5"],
  jsx: "automatic",
  jsxImportSource: "preact",
  minify: true,
  sourcemap: false,
  // The licences are in NOTICE.
  legalComments: "none",
  logLevel: "warning",
  write: false,
} as const satisfies BuildOptions;

/** A file below dist/console. */
export interface PageFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Bundles the page: index.html, the script and the style, each also as brotli (`.br`) and gzip (`.gz`). */
export async function buildPage(template: string): Promise<readonly PageFile[]> {
  const { outputFiles } = await build(consoleBundle);
  const files = outputFiles.map(({ path, contents }) => ({ name: path.slice(path.lastIndexOf("/") + 1), contents }));
  const named = (start: string, end: string): string => {
    const found = files.find(({ name }) => name.startsWith(start) && name.endsWith(end));
    if (found === undefined) throw new Error(`the page's bundle has no ${start}…${end}`);
    return found.name;
  };
  const page = template
    .replace("console.js", named("console-", ".js"))
    .replace("style.css", named("style-", ".css"))
    .replace("icon.svg", named("icon-", ".svg"));
  const plain = [
    { name: "index.html", bytes: new TextEncoder().encode(page) },
    ...files.map(({ name, contents }) => ({ name, bytes: contents })),
  ];
  return plain.flatMap(({ name, bytes }) => [
    { name, bytes },
    { name: `${name}.br`, bytes: brotli(bytes) },
    { name: `${name}.gz`, bytes: gzipSync(bytes, { level: 9 }) },
  ]);
}

function brotli(bytes: Uint8Array): Uint8Array {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  };
  return brotliCompressSync(bytes, { params });
}
