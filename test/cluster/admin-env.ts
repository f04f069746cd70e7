import { delimiter } from "node:path";

/** Where Linux keeps the programs of administrators (ip, nft, runc, umount), which a user's search path may lack. */
const adminFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"];

/** The search path with the administrators' folders. */
export function adminPath(path: string = process.env["PATH"] ?? ""): string {
  return [...new Set([...path.split(delimiter), ...adminFolders])].join(delimiter);
}

/** The environment of this process, with the administrators' folders on its search path. */
export function adminEnv(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: adminPath() };
}
