/** The rooms of src/ and who may import whom: imports go one way (docs/decisions/0001-rooms.md). */
const pure = ["hardware", "oci", "api", "selection", "placement"];
/** Each room with the rooms that it may import. */
const mayImport = {
  hardware: [],
  api: ["hardware"],
  oci: ["hardware"],
  selection: ["oci", "hardware"],
  placement: ["api", "hardware"],
  credentials: ["oci"],
  kubernetes: ["api"],
  telemetry: [],
  registry: ["credentials", "oci", "hardware"],
  certificates: ["kubernetes", "telemetry"],
  inventory: ["kubernetes", "placement", "selection", "oci", "hardware", "api"],
  admission: [
    "inventory",
    "registry",
    "certificates",
    "kubernetes",
    "credentials",
    "placement",
    "selection",
    "oci",
    "hardware",
    "api",
    "telemetry",
  ],
  controller: ["inventory", "kubernetes", "placement", "selection", "hardware", "api", "telemetry"],
  cli: [
    "admission",
    "controller",
    "inventory",
    "registry",
    "certificates",
    "kubernetes",
    "credentials",
    "placement",
    "selection",
    "oci",
    "hardware",
    "api",
    "telemetry",
  ],
};

module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(([room, allowed]) => ({
      name: `${room}-imports`,
      severity: "error",
      comment: `${room} may import ${allowed.length === 0 ? "no other room" : allowed.join(", ")}: imports go one way`,
      from: { path: `^src/${room}/`, pathNot: "\\.test\\.ts$" },
      to: { path: "^src/", pathNot: `^src/(${[room, ...allowed].join("|")})/` },
    })),
    {
      name: "pure-rooms-do-no-io",
      severity: "error",
      comment:
        "These rooms are tables of rules: the same input gives the same answer, on any machine. Hashing is no I/O.",
      from: { path: `^src/(${pure.join("|")})/`, pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?crypto$" },
    },
    {
      name: "pure-rooms-import-no-client",
      severity: "error",
      comment: "A client library in a pure room would bring I/O with it.",
      from: { path: `^src/(${pure.join("|")})/`, pathNot: "\\.test\\.ts$" },
      to: { path: "node_modules/(undici|express|@kubernetes|pino|prom-client)/" },
    },
    {
      name: "no-cycles",
      severity: "error",
      comment: "A cycle has no first file to read.",
      from: {},
      to: { circular: true },
    },
    {
      name: "program-without-tests",
      severity: "error",
      comment: "The program must not need what only tests have.",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { path: "^(test|scripts)/" },
    },
    {
      name: "declared-dependencies-only",
      severity: "error",
      comment: "The bundle holds what package.json names under dependencies.",
      from: { path: "^src/", pathNot: "\\.test\\.ts$" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "unknown", "undetermined"] },
    },
    {
      name: "resolvable",
      severity: "error",
      comment: "Every import leads somewhere.",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
