// A box of current registry clients for a Debian machine of any age: `node scripts/client-box.ts` makes it in the cache.
import { makeBox } from "../test/clients/box/make.ts";

console.log(await makeBox(console.error));
