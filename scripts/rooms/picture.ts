import type { Rooms } from "./table.ts";

/** The part of a page that draw-rooms.ts writes; the text between the two lines is its own. */
const begin = "<!-- rooms: written by scripts/draw-rooms.ts -->";
const end = "<!-- end of rooms -->";

/**
 * A Mermaid flowchart of the rooms. An arrow stands for a right to import. One that a longer way shows too is left out:
 * a room may also import everything that it may import by a detour.
 */
export function drawRooms(rooms: Rooms): string {
  const arrows = [...rooms].reverse().flatMap(([room, may]) => {
    const direct = may.filter((one) => !may.some((other) => other !== one && reaches(rooms, other, one)));
    return direct.map((one) => `  ${room} --> ${one}`);
  });
  const drawn = new Set(arrows.flatMap((arrow) => arrow.trim().split(" --> ")));
  const alone = [...rooms.keys()].filter((room) => !drawn.has(room)).map((room) => `  ${room}`);
  return ["```mermaid", "flowchart TD", ...arrows, ...alone, "```"].join("\n");
}

/** The rooms with their questions, the roof first. */
export function listRooms(rooms: Rooms, questions: ReadonlyMap<string, string>): string {
  const rows = [...rooms.keys()].reverse().map((room) => {
    return `| [${room}](../src/${room}/README.md) | ${questions.get(room) ?? ""} |`;
  });
  return ["| room | its question |", "|---|---|", ...rows].join("\n");
}

/** The page with what is between the two marks replaced. @throws Error where a mark is missing */
export function withRooms(page: string, text: string): string {
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from === -1 || to < from) throw new Error(`the page lacks ${begin} or ${end}`);
  return `${page.slice(0, from)}${begin}\n\n${text}\n\n${page.slice(to)}`;
}

function reaches(rooms: Rooms, from: string, to: string): boolean {
  return (rooms.get(from) ?? []).some((next) => next === to || reaches(rooms, next, to));
}
