/** Files that one command or one folder may name: far above what people write, far below what would hurt. */
export const maxFiles = 1_000;
/** Bytes of one file or of standard input, and characters of one text. A node is some 10 KiB as `kubectl get` prints it. */
export const maxTextBytes = 32 * 1024 * 1024;
/** Objects of one text, the items of Lists included. */
export const maxObjects = 20_000;
