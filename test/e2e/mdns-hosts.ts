/**
 * Two hosts that know nothing of each other, on one local network: a network namespace with one
 * interface, which `unshare --net` has made and which ends with this process. Prints what each of
 * them received. A third has the discovery off.
 */
import { execFileSync } from 'node:child_process';
import { createLibp2pTransport } from '../../node/transport/libp2p.ts';
import { publicKeyFromSeed } from '../../protocol/identity/keys.ts';
import { pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { eventually } from '../../simulations/testnet/at-once.ts';
import { seedOf, silentLog } from '../contract/transport-harness.ts';

const ADDRESS = '10.78.0.1';
const FOUND_MS = 20_000;
const POLL_MS = 100;

const ip = (...words: string[]) => execFileSync('ip', words);
// A cable whose other end nobody uses.
ip('link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'end');
ip('link', 'set', 'end', 'up');
ip('address', 'add', `${ADDRESS}/24`, 'dev', 'lan');
ip('link', 'set', 'lan', 'up', 'multicast', 'on');
ip('link', 'set', 'lo', 'up');
ip('route', 'add', '224.0.0.0/4', 'dev', 'lan');

async function join(name: string, mdns: boolean) {
  const seed = seedOf(name);
  const received: string[] = [];
  const transport = await createLibp2pTransport({
    seed,
    listen: [`/ip4/${ADDRESS}/tcp/0`],
    dht: false,
    mdns,
    log: silentLog,
  });
  await transport.start({
    frame: (_, bytes) => received.push(new TextDecoder().decode(bytes)),
    connected: () => undefined,
    disconnected: () => undefined,
  });
  return { name, key: publicKeyFromSeed(seed), transport, received };
}

const alice = await join('alice', true);
const bob = await join('bob', true);
const carol = await join('carol', false);
/** Once the other is found by its PID, sends until it has arrived. */
const reach = (from: typeof alice, to: typeof alice) =>
  eventually(FOUND_MS, POLL_MS, async () => {
    const found = await from.transport.resolve(pidFromPublicKey(to.key));
    if (found === undefined) return undefined;
    from.transport.send(to.key, new TextEncoder().encode(`from ${from.name}`));
    return to.received.length > 0 || undefined;
  });
await reach(alice, bob);
await reach(bob, alice);
const told = await Promise.all(
  [alice, bob, carol].map(async ({ name, received, transport }) => ({
    name,
    received: received[0] ?? null,
    knowsCarol: (await transport.resolve(pidFromPublicKey(carol.key))) !== undefined,
  })),
);
process.stdout.write(`${JSON.stringify(told)}\n`);
for (const { transport } of [alice, bob, carol]) await transport.stop();
