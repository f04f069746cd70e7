/** A file in a tar archive. */
export interface TarFile {
  /** Without a leading slash, at most 100 bytes; folders end with a slash. */
  readonly path: string;
  /** None for a folder. */
  readonly bytes?: Uint8Array | undefined;
  /** Permission bits; 0755 if absent. */
  readonly mode?: number | undefined;
}

const block = 512;

/** A ustar archive (POSIX.1-1988). The same files make the same bytes: no times, no owners' names, order as given. */
export function tar(files: readonly TarFile[]): Uint8Array {
  const parts: Buffer[] = [];
  for (const file of files) {
    const bytes = Buffer.from(file.bytes ?? new Uint8Array());
    parts.push(header(file, bytes.length), bytes, Buffer.alloc((block - (bytes.length % block)) % block));
  }
  // Two empty blocks end an archive.
  return Buffer.concat([...parts, Buffer.alloc(2 * block)]);
}

function header(file: TarFile, size: number): Buffer {
  if (Buffer.byteLength(file.path) > 100) throw new RangeError(`${file.path} is too long for a ustar header`);
  const head = Buffer.alloc(block);
  const octal = (value: number, offset: number, width: number): void => {
    head.write(`${value.toString(8).padStart(width - 1, "0")}\0`, offset, "latin1");
  };
  head.write(file.path, 0, "utf8");
  octal(file.mode ?? 0o755, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  head.write(file.path.endsWith("/") ? "5" : "0", 156, "latin1");
  head.write("ustar\x0000", 257, "latin1");
  // The checksum counts its own field as spaces.
  head.fill(0x20, 148, 156);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return head;
}
