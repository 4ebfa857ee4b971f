/** Small parts of add-ons by themselves: where modules lie, which route is meant, who may go in. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CAPABILITIES } from '../../../node/addons/capabilities.ts';
import { locateAddon } from '../../../node/addons/locate.ts';
import { Readings } from '../../../node/addons/readings.ts';
import { matchRoute } from '../../../node/addons/route-match.ts';
import { Turnstile } from '../../../node/addons/turnstile.ts';
import { ROUTES } from '../../../node/api/routes.ts';

describe('a module', () => {
  it('is found as a package and as a file, from the home directory', async () => {
    const home = await mkdtemp(join(tmpdir(), 'geo-locate-'));
    const folder = join(home, 'node_modules', 'some-addon');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"name":"some-addon","exports":"./main.js"}');
    await writeFile(join(folder, 'main.js'), '');
    await writeFile(join(home, 'own.ts'), '');
    expect(locateAddon('some-addon', home)).toBe(pathToFileURL(join(folder, 'main.js')).href);
    expect(locateAddon('./own.ts', home)).toBe(pathToFileURL(join(home, 'own.ts')).href);
    expect(locateAddon('webhook', home)).toContain('/webhook/addon.');
    for (const use of ['./none.ts', 'none', '../none.ts', 'file:///etc/passwd']) {
      expect(() => locateAddon(use, home)).toThrow(/no file|no package/);
    }
    await rm(home, { recursive: true });
  });
});

describe('a route', () => {
  const routes = [
    { method: 'GET', path: '/a/:x', access: 'local' },
    { method: 'PUT', path: '/a/:x', access: 'local' },
    { method: 'GET', path: '/a/b', access: 'local' },
    { method: 'GET', path: '/', access: 'local' },
  ] as const;

  it.each([
    ['GET', ['a', 'c'], { kind: 'found', route: 0, params: { x: 'c' } }],
    ['PUT', ['a', 'b'], { kind: 'found', route: 1, params: { x: 'b' } }],
    ['GET', [], { kind: 'found', route: 3, params: {} }],
    ['DELETE', ['a', 'c'], { kind: 'other_methods', methods: ['GET', 'PUT'] }],
    ['GET', ['a'], { kind: 'nothing' }],
    ['GET', ['a', 'b', 'c'], { kind: 'nothing' }],
  ])('is found for %s %j', (method, path, expected) => {
    expect(matchRoute([...routes], method, path)).toEqual(expected);
  });
});

describe('a turnstile', () => {
  it('lets few in at a time, in their order, and sends the rest away', async () => {
    const turnstile = new Turnstile(2, 3);
    const gates = Array.from({ length: 6 }, () => Promise.withResolvers<void>());
    const inside: number[] = [];
    const runs = gates.map(({ promise }, each) =>
      turnstile.run(async () => {
        inside.push(each);
        await promise;
        if (each === 0) throw new Error('failed');
      }),
    );
    const ends = Promise.allSettled(runs);
    await Promise.resolve();
    expect(inside).toEqual([0, 1]);
    for (const { resolve } of gates) resolve();
    const outcomes = (await ends).map(({ status }) => status);
    expect(outcomes).toEqual(['rejected', ...Array(4).fill('fulfilled'), 'rejected']);
    expect(inside).toEqual([0, 1, 2, 3, 4]);
    await expect(turnstile.run(async () => 'again')).resolves.toBe('again');
  });
});

describe('capabilities', () => {
  it('open nothing that changes anything', () => {
    const methods = Object.values(CAPABILITIES).flatMap(({ methods }) => [...methods]);
    expect(methods.map((name) => [name, ROUTES[name].method])).toEqual(
      methods.map((name) => [name, 'GET']),
    );
  });
});

describe('readings', () => {
  it('are bounded, and a counter does not go down', () => {
    const readings = new Readings();
    const take = (name: string, value: number, type: 'counter' | 'gauge' = 'counter') =>
      readings.take({ type, name, help: '', labels: [], value });
    take('a', 2);
    take('a', -1);
    take('a', Number.NaN);
    take('b', 5, 'gauge');
    take('b', -5, 'gauge');
    expect([...readings.all].map(([name, { values }]) => [name, values.get('[]')])).toEqual([
      ['a', 2],
      ['b', -5],
    ]);
    for (let each = 0; each < 500; each++) take(`c${each}`, 1);
    expect(readings.all.size).toBe(100);
    for (let each = 0; each < 500; each++) {
      const labels: [string, string][] = [['x', String(each)]];
      readings.take({ type: 'counter', name: 'a', help: '', labels, value: 1 });
    }
    expect(readings.all.get('a')?.values.size).toBe(200);
  });
});
