import { InvalidArgumentError } from "commander";

/** Reads a TCP port, for `argParser`. 0: any that is free. @throws InvalidArgumentError */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new InvalidArgumentError("a port is a number from 0 to 65535");
  return port;
}

/** Reads a whole number of nine digits at most, for `argParser`. @throws InvalidArgumentError */
export function parseCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError("a whole number was expected");
  return Number(text);
}
