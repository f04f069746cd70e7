import manifest from "../../package.json" with { type: "json" };

/** Of the program, from package.json. */
export const version: string = manifest.version;
