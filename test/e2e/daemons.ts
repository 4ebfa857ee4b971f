/** A handful of real daemons on loopback, with trust between them, and what to ask of them together. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '../../node/api/client.ts';
import type { Home } from '../../node/home/home.ts';
import type * as shapes from '../../node/service/shapes.ts';
import { eventually } from '../../simulations/testnet/at-once.ts';
import { Testnet, type TestnetOptions } from '../../simulations/testnet/supervisor.ts';
import type { CrashPoint } from './crash-point.ts';

const CRASH_POINT = fileURLToPath(new URL('crash-point.ts', import.meta.url));
const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** `geo start` that a test can have killed at a write. */
export function mortalDaemon(homes: readonly string[]): readonly string[] {
  return ['--import', CRASH_POINT, GEO, 'start', '--home', homes[0]!];
}

/** The process that next works on the home with {@link CRASH_POINT} preloaded dies there. */
export function armCrashIn({ directory }: Home, point: CrashPoint): Promise<void> {
  return writeFile(join(directory, 'crash-point.json'), JSON.stringify(point));
}

export class Daemons {
  readonly net: Testnet;
  readonly #directory: string;

  private constructor(net: Testnet, directory: string) {
    this.net = net;
    this.#directory = directory;
  }

  static async start(
    participants: readonly string[],
    options: Pick<TestnetOptions, 'settings' | 'script'> = {},
  ): Promise<Daemons> {
    const directory = await mkdtemp(join(tmpdir(), 'geo-daemons-'));
    const net = await Testnet.start({ directory, participants, ...options });
    const daemons = new Daemons(net, directory);
    for (const name of participants) {
      await daemons.client(name).defineEquivalent({ code: 'UAH', precision: 2, metadata: {} });
    }
    return daemons;
  }

  async stop(): Promise<void> {
    await this.net.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }

  client(name: string): Client {
    return this.net.node(name).client;
  }

  pid(name: string): string {
    return this.net.node(name).identity.pid;
  }

  /** `boris>anna 100`: Boris lets Anna owe him up to 100. They exchange addresses first. */
  async trust(text: string): Promise<void> {
    const [pair = '', limit = ''] = text.split(' ');
    const [from = '', to = ''] = pair.split('>');
    await this.client(from).connect(this.net.node(to).identity.addresses[0]!);
    await this.client(to).connect(this.net.node(from).identity.addresses[0]!);
    await this.client(from).setTrustLine({ peer: this.pid(to), equivalent: 'UAH', limit });
  }

  pay(
    from: string,
    to: string,
    amount: string,
    more: Partial<shapes.PayRequest> = {},
  ): Promise<shapes.Payment> {
    return this.client(from).pay({ peer: this.pid(to), equivalent: 'UAH', amount, ...more });
  }

  async book(name: string, peer: string): Promise<shapes.BookRow | undefined> {
    return (await this.client(name).books()).find((row) => row.peer === this.pid(peer));
  }

  /** What `debtor` owes `creditor` by its own book, as text. */
  async owes(debtor: string, creditor: string): Promise<string | undefined> {
    return (await this.book(creditor, debtor))?.balance;
  }

  armCrash(name: string, point: CrashPoint): Promise<void> {
    return armCrashIn(this.net.node(name).home, point);
  }

  /** Resolves when nothing is under way and everything is as it must be; rejects with what is not. */
  async settle(boundMs = 40_000): Promise<void> {
    let faults: string[] = [];
    const sound = await eventually(boundMs, 100, async () => {
      faults = await this.faults();
      return faults.length === 0 ? true : undefined;
    });
    if (sound === undefined) throw new Error(`not settled: ${faults.join('; ')}`);
  }

  /** What is not as it must be when nothing is under way: live attempts, holds, books, audits. */
  async faults(): Promise<string[]> {
    const faults: string[] = [];
    const rows = new Map<string, shapes.BookRow>();
    const names = this.net.nodes.map(({ participant }) => participant);
    const nameOf = new Map(names.map((name) => [this.pid(name), name]));
    for (const name of names) {
      const { attempts_live: live, outbox } = await this.client(name).status();
      if (live + outbox > 0) faults.push(`${name}: ${live} attempts live, ${outbox} messages wait`);
      for (const row of await this.client(name).books()) {
        rows.set(`${name}/${nameOf.get(row.peer)}/${row.equivalent}`, row);
        if (Number(row.held) > 0) faults.push(`${name}: ${row.held} held`);
        if (row.frozen) faults.push(`${name}: a disputed edge`);
      }
      for (const { name: invariant, held, detail } of await this.client(name).audit()) {
        if (!held) faults.push(`${name}: ${invariant}: ${detail}`);
      }
    }
    for (const [key, row] of rows) {
      const [name, peer, equivalent] = key.split('/');
      const other = rows.get(`${peer}/${name}/${equivalent}`);
      if (
        other === undefined ||
        Number(other.balance) + Number(row.balance) !== 0 ||
        other.count !== row.count ||
        other.digest !== row.digest
      ) {
        faults.push(`${name} and ${peer} have different books`);
      }
    }
    return faults;
  }
}
