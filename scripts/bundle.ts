import { join } from "node:path";
import type { BuildOptions } from "esbuild";

export const root = join(import.meta.dirname, "..");

/** How the program is bundled: build.ts writes the bundle, generate-notice.ts reads what is in it. */
export const bundle = {
  metafile: true,
  absWorkingDir: root,
  entryPoints: [join(root, "src/main.ts")],
  outdir: join(root, "dist"),
  entryNames: "metahub",
  chunkNames: "chunk-[hash]",
  outExtension: { ".js": ".mjs" },
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node22.19",
  minifySyntax: true,
  minifyWhitespace: true,
  sourcemap: false,
  legalComments: "linked",
  logLevel: "warning",
  // Bundled CommonJS packages call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as metahubRequire } from "node:module"; const require = metahubRequire(import.meta.url);',
  },
} as const satisfies BuildOptions;
