import { createApiClient } from "../../cluster/api-client.ts";
import { crowdNode, crowdLabel } from "./crowd.ts";
const api = await createApiClient("/tmp/w/it/c/pki/admin.conf");
const signal = AbortSignal.timeout(400000);
if (process.argv[2] === "rm") { await api.must("DELETE", `/api/v1/nodes?labelSelector=${crowdLabel}`, {signal, body:{}}); process.exit(0); }
const count = Number(process.argv[2]); let next = 0; const t0 = Date.now();
await Promise.all(Array.from({length: 8}, async () => { for (let i = next++; i < count; i = next++) { await api.must("POST", "/api/v1/nodes", {signal, body: crowdNode(i)}); if (i % 1000 === 999) console.log(i+1, Date.now()-t0); } }));
api.close();
