/**
 * A village of real nodes in one thread, on virtual time: `createNode` over the memory store and the
 * memory network, with a hand in every frame, every write and every life.
 */
import { createHash } from 'node:crypto';
import { loadConfig } from '../../../config/load.ts';
import { createNode, type Node } from '../../../node/node.ts';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import type { Log, VerifyAside } from '../../../node/ports.ts';
import type { NodeService } from '../../../node/service/contract.ts';
import type * as shapes from '../../../node/service/shapes.ts';
import type { NodeSettings } from '../../../node/settings.ts';
import { createMemoryStore, type MemoryStore } from '../../../node/store/memory.ts';
import { createMemoryNetwork, type MemoryNetwork } from '../../../node/transport/memory.ts';
import { type PublicKey, pidFromPublicKey } from '../../../protocol/identity/pid.ts';
import { openNote } from '../../../protocol/identity/sealed-note.ts';
import { openFrame } from '../../../protocol/wire/envelope.ts';
import type { MessageName } from '../../../protocol/wire/message-types.ts';
import { NOW, type Person, person } from '../machines/sample-payment.ts';
import { NodeLife } from './node-life.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A frame on its way. */
export interface Passing {
  readonly from: string;
  readonly to: string;
  readonly type: MessageName;
  readonly frame: Uint8Array;
}

/** What becomes of a frame; a number is a delay in ms. */
export type FrameFate = 'deliver' | 'drop' | 'duplicate' | number;

export interface LogLine {
  readonly node: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly fields: Record<string, unknown>;
  readonly message: string;
}

interface Member {
  readonly person: Person;
  readonly settings: NodeSettings;
  disk: MemoryStore;
  lives: number;
  aheadMs: number;
  running?: { readonly node: Node; readonly life: NodeLife; readonly halt: () => Promise<void> };
}

export type SettingsPatch = {
  readonly [Section in keyof NodeSettings]?: Partial<NodeSettings[Section]>;
};

export interface VillageOptions {
  readonly people: readonly string[];
  /** `boris>anna 100`: Boris lets Anna owe him up to 100. Neighbours know each other. */
  readonly lines?: readonly string[];
  readonly settings?: SettingsPatch;
  /** Of single nodes, over those of all. */
  readonly own?: Readonly<Record<string, SettingsPatch>>;
  /** By default the turns of a node wait for every signature. */
  readonly verifyAside?: VerifyAside;
  /** Everyone knows where everyone is, as in a network with a DHT. Otherwise only neighbours do. */
  readonly acquainted?: boolean;
}

/** From a frame's sending to its arrival, ms. */
const LATENCY_MS = 2;
/** Short enough that a test of several rounds stays within one imagined minute. */
const QUICK: SettingsPatch = {
  payments: { order_life_ms: 30_000, prepare_ms: 1_000, grace_ms: 200, retry_ms: 300 },
  routes: { query_timeout_ms: 300 },
  outbox: { retry_min_ms: 200, retry_max_ms: 5_000 },
  // Payments alone are what most tests are about.
  clearing: { trigger: false, search_ms: 300 },
};

export class Village {
  readonly clock = new VirtualClock(NOW);
  readonly sent: Passing[] = [];
  readonly log: LogLine[] = [];
  /** Decides about every frame; by default all arrive. */
  fate: (passing: Passing) => FrameFate = () => 'deliver';
  readonly #network: MemoryNetwork = createMemoryNetwork(this.clock, LATENCY_MS);
  readonly #members = new Map<string, Member>();
  readonly #nameOfKey = new Map<PublicKey, string>();
  readonly #verifyAside: VerifyAside | undefined;

  private constructor(options: VillageOptions) {
    this.#verifyAside = options.verifyAside;
    for (const name of options.people) {
      const someone = person(name);
      this.#nameOfKey.set(someone.signer.publicKey, name);
      this.#members.set(name, {
        person: someone,
        settings: settingsOf({ ...options.settings, ...options.own?.[name] }),
        disk: createMemoryStore(),
        lives: 0,
        aheadMs: 0,
      });
    }
  }

  /** All nodes up, the lines of `options` in force at both ends. */
  static async open(options: VillageOptions): Promise<Village> {
    const village = new Village(options);
    for (const name of options.people) await village.start(name);
    for (const name of options.people) {
      await village.run(
        village.service(name).defineEquivalent({ code: 'UAH', precision: 2, metadata: {} }),
      );
    }
    for (const text of options.lines ?? []) await village.trust(text);
    if (options.acquainted) await village.#introduceAll();
    await village.calm();
    village.sent.length = 0;
    return village;
  }

  /** `boris>anna 100`, with a policy if there is one. The two get to know each other first. */
  async trust(text: string, policy?: shapes.PolicyPatch): Promise<shapes.TrustLine> {
    const [pair = '', limit = ''] = text.split(' ');
    const [from = '', to = ''] = pair.split('>');
    await this.introduce(from, to);
    const request = { peer: this.pid(to), equivalent: 'UAH', limit };
    const line = await this.run(
      this.service(from).setTrustLine(policy === undefined ? request : { ...request, policy }),
    );
    await this.pass(20);
    return line;
  }

  async introduce(one: string, other: string): Promise<void> {
    const address = this.service(other).identity().addresses[0]!;
    await this.run(this.service(one).connect(address));
    await this.clock.settle();
  }

  async #introduceAll(): Promise<void> {
    for (const [i, one] of this.names.entries()) {
      for (const other of this.names.slice(i + 1)) {
        await this.introduce(one, other);
        await this.introduce(other, one);
      }
    }
  }

  service(name: string): NodeService {
    return this.#running(name).node.service;
  }

  node(name: string): Node {
    return this.#running(name).node;
  }

  life(name: string): NodeLife {
    return this.#running(name).life;
  }

  /** What has been written so far. */
  disk(name: string): MemoryStore {
    return this.#member(name).disk;
  }

  pid(name: string): string {
    return this.#member(name).person.pid;
  }

  person(name: string): Person {
    return this.#member(name).person;
  }

  get names(): string[] {
    return [...this.#members.keys()];
  }

  isUp(name: string): boolean {
    return this.#member(name).running !== undefined;
  }

  /** Sets a node's clock ahead of the others' (or behind, if negative). */
  setClock(name: string, aheadMs: number): void {
    this.#member(name).aheadMs = aheadMs;
  }

  run<T>(promise: Promise<T>, limitMs?: number): Promise<T> {
    return this.clock.run(promise, limitMs);
  }

  pass(ms: number): Promise<void> {
    return this.clock.pass(ms);
  }

  /** Begins a payment without letting time pass. */
  begin(
    from: string,
    to: string,
    amount: string,
    more: Partial<shapes.PayRequest> = {},
  ): Promise<shapes.Payment> {
    const peer = this.pid(to);
    return this.service(from).pay({ peer, equivalent: 'UAH', amount, ...more });
  }

  pay(
    from: string,
    to: string,
    amount: string,
    more: Partial<shapes.PayRequest> = {},
  ): Promise<shapes.Payment> {
    return this.run(this.begin(from, to, amount, more));
  }

  /** Has a payer ask for routes, so that it knows them for a while. */
  learnRoutes(from: string, to: string, amount: string): Promise<shapes.Routes> {
    const request = { peer: this.pid(to), equivalent: 'UAH', amount };
    return this.run(this.service(from).routes(request));
  }

  /** What `name` has in its book about `peer`. */
  book(name: string, peer: string): shapes.BookRow {
    const row = this.service(name)
      .books()
      .find((each) => each.peer === this.pid(peer));
    if (row === undefined) throw new Error(`${name} has no edge with ${peer}`);
    return row;
  }

  /** What `debtor` owes `creditor`, as the debtor's book has it; negative: the other way round. */
  owes(debtor: string, creditor: string): number {
    return 0 - Number(this.book(debtor, creditor).balance);
  }

  /** Sends a frame in the name of `from`, as if its software had made it. */
  inject(from: string, to: string, frame: Uint8Array): void {
    this.#send(from, this.#member(to).person.signer.publicKey, frame);
  }

  async start(name: string): Promise<void> {
    const member = this.#member(name);
    member.lives++;
    const life = new NodeLife(this.clock);
    const { signer, seed } = member.person;
    const inner = this.#network.transport({ publicKey: signer.publicKey });
    member.disk = createMemoryStore(member.disk.snapshot());
    this.#senders.set(name, (to, frame) => inner.send(to, frame));
    let drawn = 0;
    const node = createNode(member.settings, {
      clock: life.clock(() => member.aheadMs),
      entropy: {
        bytes: (count) => {
          const text = `${name} ${member.lives} ${drawn++}`;
          return new Uint8Array(
            createHash('shake256', { outputLength: count }).update(text).digest(),
          );
        },
      },
      signer,
      verify: nativeVerify,
      ...(this.#verifyAside === undefined ? {} : { verifyAside: this.#verifyAside }),
      openNote: (sealed, aad) => openNote(sealed, seed, aad),
      store: life.store(member.disk),
      transport: life.transport(inner, (to, frame) => this.#send(name, to, frame)),
      log: this.#logOf(name),
    });
    life.onKilled = () => {
      delete member.running;
      void inner.stop();
    };
    member.running = { node, life, halt: () => inner.stop() };
    await this.run(node.start());
  }

  /** The process ends without a word. */
  async kill(name: string): Promise<void> {
    await this.run(this.killNow(name));
  }

  /** The same without letting time pass. Resolves when its place in the network is free again. */
  killNow(name: string): Promise<void> {
    const { life, halt } = this.#running(name);
    delete this.#member(name).running;
    life.kill();
    return halt();
  }

  async stop(name: string): Promise<void> {
    const { node } = this.#running(name);
    delete this.#member(name).running;
    await this.run(node.stop());
  }

  async restart(name: string): Promise<void> {
    if (this.isUp(name)) await this.kill(name);
    // Frames that were on the wire when it was killed arrive first.
    await this.pass(2 * LATENCY_MS);
    await this.start(name);
  }

  /** Lets time pass until nothing is under way anywhere. @returns whether that was reached */
  async calm(limitMs = 1_800_000): Promise<boolean> {
    const idle = () =>
      this.names.every((name) => {
        if (!this.isUp(name)) return true;
        const { attempts_live: live, outbox } = this.service(name).status();
        return live === 0 && outbox === 0;
      });
    const reached = await this.clock.until(idle, limitMs);
    await this.pass(10 * LATENCY_MS);
    return reached && idle();
  }

  readonly #senders = new Map<string, (to: PublicKey, frame: Uint8Array) => void>();

  #send(from: string, to: PublicKey, frame: Uint8Array): void {
    const passing: Passing = {
      from,
      to: this.#nameOfKey.get(to) ?? pidFromPublicKey(to),
      type: typeOf(frame),
      frame,
    };
    this.sent.push(passing);
    const send = this.#senders.get(from)!;
    const fate = this.fate(passing);
    if (fate === 'drop') return;
    if (typeof fate === 'number') {
      this.clock.after(fate, () => send(to, frame));
      return;
    }
    send(to, frame);
    if (fate === 'duplicate') this.clock.after(3 * LATENCY_MS, () => send(to, frame));
  }

  #logOf(node: string): Log {
    const write = (level: LogLine['level']) => (fields: object, message: string) => {
      this.log.push({ node, level, fields: fields as Record<string, unknown>, message });
    };
    return {
      debug: write('debug'),
      info: write('info'),
      warn: write('warn'),
      error: write('error'),
    };
  }

  #member(name: string): Member {
    const member = this.#members.get(name);
    if (member === undefined) throw new Error(`${name} is not in this village`);
    return member;
  }

  #running(name: string): NonNullable<Member['running']> {
    const { running } = this.#member(name);
    if (running === undefined) throw new Error(`${name} is down`);
    return running;
  }
}

function settingsOf(patch: SettingsPatch): NodeSettings {
  const config = loadConfig({ env: {} });
  const merged: Record<string, unknown> = { ...config, version: 'test' };
  for (const source of [QUICK, patch]) {
    for (const [section, values] of Object.entries(source)) {
      merged[section] = { ...(merged[section] as object), ...(values as object) };
    }
  }
  return merged as unknown as NodeSettings;
}

function typeOf(frame: Uint8Array): MessageName {
  try {
    return openFrame(frame).type;
  } catch {
    return 'ERROR';
  }
}
