/**
 * Boris sits behind a router that translates addresses; nobody can dial him. Anna can be dialled, and
 * reaches him through a relay. Real daemons, each in a network namespace of its own, on one bridge:
 *
 *     relay 10.79.0.1   anna 10.79.0.2   router 10.79.0.3 | 192.168.79.1 ── 192.168.79.2 boris
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../simulations/testnet/at-once.ts';
import { canTranslate, run } from './namespaces.ts';

const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const READY_MS = 60_000;
const POLL_MS = 300;
/** libp2p gives an upgrade five seconds. */
const UPGRADE_MS = 6_000;
const TAG = `geo${process.pid % 10_000}`;
const HOSTS = ['switch', 'relay', 'anna', 'router', 'boris'] as const;
type HostName = (typeof HOSTS)[number];
const space = (host: HostName) => `${TAG}${host}`;
/** Public addresses are what DCUtR looks for; among private ones it takes a name for one. */
const ANNA_NAME = 'anna.geo.test';

/** One cable from a host to the switch. */
function plug(host: HostName, address: string): void {
  const [near, far] = [`${TAG}${host.slice(0, 2)}a`, `${TAG}${host.slice(0, 2)}b`];
  run(
    `ip link add ${near} netns ${space(host)} type veth peer name ${far} netns ${space('switch')}`,
  );
  run(`ip -n ${space('switch')} link set ${far} master lan up`);
  run(`ip -n ${space(host)} address add ${address}/24 dev ${near}`);
  run(`ip -n ${space(host)} link set ${near} up`);
}

async function build(): Promise<void> {
  for (const host of HOSTS) {
    run(`ip netns add ${space(host)}`);
    run(`ip -n ${space(host)} link set lo up`);
    await mkdir(`/etc/netns/${space(host)}`, { recursive: true });
    const names = `127.0.0.1 localhost\n10.79.0.2 ${ANNA_NAME}\n`;
    await writeFile(`/etc/netns/${space(host)}/hosts`, names);
  }
  run(`ip -n ${space('switch')} link add lan type bridge`);
  run(`ip -n ${space('switch')} link set lan up`);
  plug('relay', '10.79.0.1');
  plug('anna', '10.79.0.2');
  plug('router', '10.79.0.3');
  const [inside, outside] = [`${TAG}in`, `${TAG}out`];
  run(
    `ip link add ${inside} netns ${space('router')} type veth peer name ${outside} netns ${space('boris')}`,
  );
  run(`ip -n ${space('router')} address add 192.168.79.1/24 dev ${inside}`);
  run(`ip -n ${space('router')} link set ${inside} up`);
  run(`ip -n ${space('boris')} address add 192.168.79.2/24 dev ${outside}`);
  run(`ip -n ${space('boris')} link set ${outside} up`);
  run(`ip -n ${space('boris')} route add default via 192.168.79.1`);
  const inRouter = `ip netns exec ${space('router')}`;
  run(`${inRouter} sysctl -q -w net.ipv4.ip_forward=1`);
  run(`${inRouter} nft add table ip nat`);
  run(`${inRouter} nft add chain ip nat out { type nat hook postrouting priority 100 ; }`);
  run(`${inRouter} nft add rule ip nat out oifname ${TAG}roa masquerade`);
}

async function demolish(): Promise<void> {
  for (const host of HOSTS) {
    try {
      run(`ip netns delete ${space(host)}`);
    } catch {
      // It was not made: the test failed before.
    }
    await rm(`/etc/netns/${space(host)}`, { recursive: true, force: true });
  }
}

class Daemon {
  readonly #host: HostName;
  readonly #home: string;
  #process: ReturnType<typeof spawn> | undefined;

  constructor(host: HostName, directory: string) {
    this.#host = host;
    this.#home = join(directory, host);
  }

  async start(...settings: string[]): Promise<void> {
    await this.geo('init');
    const words = settings.flatMap((setting) => ['--set', setting]);
    const all = [...this.#words('start'), ...words];
    this.#process = spawn('ip', all, { stdio: 'ignore' });
    const ready = async () => (await this.ask('status')) ?? undefined;
    expect(await eventually(READY_MS, POLL_MS, ready)).toBeDefined();
  }

  async geo(...words: string[]): Promise<string> {
    const [command = '', ...rest] = words;
    const { stdout } = await promisify(execFile)('ip', [
      ...this.#words(command),
      ...rest,
      '--json',
    ]);
    return stdout;
  }

  /** The answer, or undefined if the command failed. */
  async ask(...words: string[]): Promise<Record<string, unknown> | undefined> {
    try {
      return JSON.parse(await this.geo(...words));
    } catch {
      return undefined;
    }
  }

  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    running.kill('SIGKILL');
    await once(running, 'exit');
  }

  #words(command: string): string[] {
    const enter = ['netns', 'exec', space(this.#host), process.execPath, GEO];
    return [...enter, ...command.split(' '), '--home', this.#home];
  }
}

describe.runIf(canTranslate())('a participant behind a router', () => {
  const daemons: Daemon[] = [];
  let directory = '';

  afterEach(async () => {
    for (const daemon of daemons.splice(0)) await daemon.kill();
    await demolish();
    await rm(directory, { recursive: true, force: true });
  });

  /** Anna and Boris, who has come to know her through the relay alone, and has paid her. */
  async function meet(dcutr: boolean) {
    directory = await mkdtemp(join(tmpdir(), 'geo-nat-'));
    await build();
    const [relay, anna, boris] = (['relay', 'anna', 'boris'] as const).map((host) => {
      const daemon = new Daemon(host, directory);
      daemons.push(daemon);
      return daemon;
    }) as [Daemon, Daemon, Daemon];
    const quiet = ['network.dht=false', 'network.mdns=false', `network.dcutr=${dcutr}`];
    await relay.start('listen=/ip4/10.79.0.1/tcp/4800', 'network.relay_server=always', ...quiet);
    const { addresses } = (await relay.ask('id')) as { addresses: string[] };
    const bootstrap = `bootstrap=${addresses[0]}`;
    await anna.start(
      'listen=/ip4/10.79.0.2/tcp/4801',
      `announce=/dns4/${ANNA_NAME}/tcp/4801`,
      ...quiet,
    );
    await boris.start('listen=/ip4/192.168.79.2/tcp/4802', bootstrap, ...quiet);
    const relayed = async () => {
      const identity = (await boris.ask('id')) as { addresses: string[] } | undefined;
      return identity?.addresses.find((address) => address.includes('/p2p-circuit/'));
    };
    const way = await eventually(READY_MS, POLL_MS, relayed);
    expect(way).toContain('/ip4/10.79.0.1/tcp/4800/');
    for (const someone of [anna, boris])
      await someone.geo('equivalent define', 'UAH', '--precision', '2');
    return { relay, anna, boris, way: way! };
  }

  /** Anna pays Boris over the relay, which then dies, and pays him again. */
  async function payAcross(dcutr: boolean): Promise<unknown[]> {
    const { relay, anna, boris, way } = await meet(dcutr);
    const pidOf = async (daemon: Daemon) => String((await daemon.ask('id'))?.pid);
    const [annaPid, borisPid] = [await pidOf(anna), await pidOf(boris)];
    expect(await anna.ask('connect', way)).toMatchObject({ pid: borisPid });
    await boris.geo('trust set', annaPid, '100', 'UAH');
    const pay = () => anna.ask('pay', borisPid, '5', 'UAH', '--timeout', '5');
    const first = async () => ((await pay())?.state === 'COMMITTED' ? true : undefined);
    expect(await eventually(READY_MS, POLL_MS, first)).toBe(true);
    await setTimeout(UPGRADE_MS);
    await relay.kill();
    return [(await pay())?.state, (await pay())?.state];
  }

  it('is paid through a relay, then directly: a connection is upgraded when one side can be dialled', async () => {
    expect(await payAcross(true)).toEqual(['COMMITTED', 'COMMITTED']);
  }, 180_000);

  it('depends on the relay if upgrades are switched off', async () => {
    expect(await payAcross(false)).not.toContain('COMMITTED');
  }, 180_000);
});
