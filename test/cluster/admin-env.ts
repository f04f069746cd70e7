import { delimiter } from "node:path";

/** Where Linux keeps the programs of administrators (ip, nft, runc, umount), which a user's search path may lack. */
const usualFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin", "/usr/bin", "/bin"].join(delimiter);

/** METAHUB_TEST_ADMIN_FOLDERS names others; empty names none, so that the search path is all that there is. */
function adminFolders(): readonly string[] {
  return (process.env["METAHUB_TEST_ADMIN_FOLDERS"] ?? usualFolders).split(delimiter).filter((each) => each !== "");
}

/** The search path with the administrators' folders. */
export function adminPath(path: string = process.env["PATH"] ?? ""): string {
  return [...new Set([...path.split(delimiter), ...adminFolders()])].join(delimiter);
}

/** The environment of this process, with the administrators' folders on its search path. */
export function adminEnv(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: adminPath() };
}
