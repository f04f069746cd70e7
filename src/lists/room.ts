import { heapSize } from "../json/heap-size.ts";
import type { ListedResource } from "./listed-resource.ts";

export interface ListBounds {
  readonly all: number;
  readonly namespace: number;
}

/** The bytes that lists take, in all and by namespace. Who comes first is kept. */
export class Room {
  readonly #bounds: ListBounds;
  readonly #used = new Map<string, number>();
  #all = 0;

  constructor(bounds: ListBounds) {
    this.#bounds = bounds;
  }

  hasFor(read: ListedResource, before: ListedResource | undefined): boolean {
    const more = sizeOf(read) - (before === undefined ? 0 : sizeOf(before));
    const { all, namespace } = this.#bounds;
    const own = this.#used.get(namespaceOf(read)) ?? 0;
    return this.#all + more <= all && (read.list.namespace === undefined || own + more <= namespace);
  }

  changed(object: ListedResource | undefined, previous: ListedResource | undefined): void {
    if (previous !== undefined) this.#take(namespaceOf(previous), -sizeOf(previous));
    if (object !== undefined) this.#take(namespaceOf(object), sizeOf(object));
  }

  #take(namespace: string, bytes: number): void {
    const own = (this.#used.get(namespace) ?? 0) + bytes;
    this.#all += bytes;
    if (own === 0) this.#used.delete(namespace);
    else this.#used.set(namespace, own);
  }
}

function namespaceOf({ list }: ListedResource): string {
  return list.namespace ?? "";
}

const sizes = new WeakMap<ListedResource, number>();

function sizeOf(listed: ListedResource): number {
  const { list, status = {} } = listed;
  const known = sizes.get(listed) ?? heapSize(list) + heapSize([...(list.tags ?? [])]) + heapSize(status);
  sizes.set(listed, known);
  return known;
}
