/**
 * Stands in for `geo start`: the real local API in front of nodes that only know who they are.
 * Usage: fake-node.ts BEHAVIOUR HOME…
 */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { startApi } from '../../../node/api/server.ts';
import { homeAt } from '../../../node/home/home.ts';
import { readPublicIdentity } from '../../../node/home/keyring.ts';
import { createLog } from '../../../node/platform/platform.ts';
import type { NodeService } from '../../../node/service/contract.ts';

const [behaviour, ...homes] = process.argv.slice(2);

if (behaviour === 'dies') {
  process.stderr.write('the disk is on fire\n');
  process.exit(3);
}
process.on('SIGTERM', () => void stop());

const apis: { stop(): Promise<void> }[] = [];
for (const directory of homes) {
  const home = homeAt(directory);
  const { publicKey, pid } = await readPublicIdentity(directory);
  const listen = /(\/ip4\S+\/tcp\/\d+)\s/.exec(await readFile(home.configFile, 'utf8'))?.[1] ?? '';
  const identity = {
    pid,
    public_key: publicKey,
    // A port of 0 becomes a real one, as it does when a socket is bound.
    addresses: [`${listen.replace('/tcp/0', '/tcp/4001')}/p2p/12D3KooWfake`],
  };
  const service = { identity: () => identity } as unknown as NodeService;
  const token = 'a'.repeat(64);
  const log = createLog({ level: 'silent' });
  const api = await startApi({ service, host: '127.0.0.1', port: 0, token, log });
  apis.push(api);
  await writeFile(home.apiTokenFile, token);
  await writeFile(
    home.apiEndpointFile,
    JSON.stringify({ url: api.url, pid, process_id: process.pid }),
  );
}

async function stop(): Promise<void> {
  await Promise.all(apis.map((api) => api.stop()));
  await Promise.all(homes.map((home) => rm(homeAt(home).apiEndpointFile)));
  process.exit(0);
}
