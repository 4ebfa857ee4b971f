/** Hosts on one local network find each other by multicast DNS, in a network of their own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { canMakeNamespaces } from './namespaces.ts';

const HOSTS = fileURLToPath(new URL('mdns-hosts.ts', import.meta.url));

describe.runIf(canMakeNamespaces())('multicast DNS', () => {
  it('lets two find each other and exchange frames, and leaves alone who has it off', async () => {
    const words = ['--net', process.execPath, HOSTS];
    const { stdout } = await promisify(execFile)('unshare', words, { timeout: 60_000 });
    expect(JSON.parse(stdout)).toEqual([
      { name: 'alice', received: 'from bob', knowsCarol: false },
      { name: 'bob', received: 'from alice', knowsCarol: false },
      { name: 'carol', received: null, knowsCarol: false },
    ]);
  }, 90_000);
});
