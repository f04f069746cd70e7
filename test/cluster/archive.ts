/** A regular file of an archive. */
export interface ArchiveFile {
  /** Relative, with `/`, at most 100 bytes. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Permission bits. Default: 0644. */
  readonly mode?: number;
}

const blockBytes = 512;

/** A tar archive (POSIX ustar) that depends on nothing but its files: no times, no owners. */
export function tarArchive(files: readonly ArchiveFile[]): Buffer {
  const parts: Buffer[] = [];
  for (const { path, content, mode = 0o644 } of files) {
    const padding = Buffer.alloc((blockBytes - (content.length % blockBytes)) % blockBytes);
    parts.push(header(path, content.length, mode), Buffer.from(content), padding);
  }
  // Two empty blocks end an archive.
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

function header(path: string, size: number, mode: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new RangeError(`the path ${path} is too long for an archive of this kind`);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, offset: number, length: number): void => {
    block.write(`${value.toString(8).padStart(length - 1, "0")}\0`, offset, "ascii");
  };
  block.write(path, 0);
  octal(mode, 100, 8);
  octal(0, 108, 8); // owner
  octal(0, 116, 8); // group
  octal(size, 124, 12);
  octal(0, 136, 12); // modification time
  block.fill(" ", 148, 156); // the checksum counts itself as spaces
  block.write("0", 156); // a regular file
  block.write("ustar\x0000", 257, "latin1");
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "ascii");
  return block;
}
