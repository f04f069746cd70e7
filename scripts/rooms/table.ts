import { createRequire } from "node:module";
import { join } from "node:path";

/** Each room with the rooms that it may import, from the ground floor up. */
export type Rooms = ReadonlyMap<string, readonly string[]>;

interface Rule {
  readonly name: string;
  readonly to: { readonly pathNot?: string | readonly string[] };
}

/** The rules of .dependency-cruiser.cjs, which `npm run check` holds every import to. */
export function checkedRooms(root: string): Rooms {
  const { forbidden }: { forbidden: readonly Rule[] } = createRequire(import.meta.url)(
    join(root, ".dependency-cruiser.cjs"),
  );
  return roomsOf(forbidden);
}

/** @throws Error where the rules hold no room at all: their form has changed then */
export function roomsOf(rules: readonly Rule[]): Rooms {
  const rooms = new Map<string, readonly string[]>();
  for (const { name, to } of rules) {
    const room = /^(.+)-imports$/.exec(name)?.[1];
    const [, names] = /^\^src\/\((.+)\)\/$/.exec(String(to.pathNot)) ?? [];
    if (room !== undefined && names !== undefined)
      rooms.set(
        room,
        names.split("|").filter((one) => one !== room),
      );
  }
  if (rooms.size === 0) throw new Error(".dependency-cruiser.cjs: no rule ROOM-imports with a path ^src/(A|B)/");
  return rooms;
}
