/**
 * Villages with hubs: members whose keys are nowhere but in the test, and what they sign. A courier
 * with a node of its own carries it to the hubs, as any peer may.
 */
import { MemberRecord } from '../../../node/store/hub-records.ts';
import { keys } from '../../../node/store/keys.ts';
import {
  AgentRecord,
  decodeRecord,
  EdgeRecord,
  encodeRecord,
} from '../../../node/store/records.ts';
import { type Hash, hashOf, type Pid } from '../../../protocol/identity/pid.ts';
import { type Edge, edgeId } from '../../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { parseAmount } from '../../../protocol/money/amount.ts';
import { encodeBody, seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import type { MessageBody, MessageName } from '../../../protocol/wire/message-types.ts';
import type { AgentGrant, AgentRevoke } from '../../../protocol/wire/messages/agent.ts';
import type { Order } from '../../../protocol/wire/messages/payment.ts';
import type { LineState } from '../../../protocol/wire/messages/trust-line.ts';
import { type Person, person, UAH } from '../machines/sample-payment.ts';
import { Village, type VillageOptions } from './harness.ts';
import { faultsOf } from './village-audit.ts';

/** Carries frames of members; has no edges. */
const COURIER = 'courier';
const YEAR_MS = 365 * 24 * 3600 * 1000;

export function sealBy<N extends MessageName>(
  { signer }: Person,
  type: N,
  body: MessageBody<N>,
): Uint8Array {
  return seal(type, body, signer.publicKey, (message) => signer.sign(message));
}

export class HostedVillage {
  readonly village: Village;
  readonly #sequences = new Map<string, number>();
  #orders = 0;

  private constructor(village: Village) {
    this.village = village;
  }

  /** @param hosted by hub, the names of its members; their grants are in force */
  static async open(
    options: VillageOptions & { readonly hosted: Readonly<Record<string, readonly string[]>> },
  ): Promise<HostedVillage> {
    const { hosted, ...rest } = options;
    const village = await Village.open({
      ...rest,
      people: [...rest.people, COURIER],
      settings: { ...rest.settings, hub: { enabled: true, ...rest.settings?.hub } },
    });
    const self = new HostedVillage(village);
    for (const [hub, members] of Object.entries(hosted)) {
      await village.introduce(COURIER, hub);
      await self.enrol(hub, members);
      for (const member of members) self.deliver(hub, 'AGENT_GRANT', self.grant(member, hub));
    }
    await village.calm();
    return self;
  }

  /** Members in the hub's books, as if they had joined. */
  async enrol(hub: string, members: readonly string[]): Promise<void> {
    await this.village.kill(hub);
    for (const name of members) {
      const { pid, signer } = person(name);
      const value = encodeRecord(MemberRecord, {
        key: signer.publicKey,
        profile: { kind: 'person', name, about: '' },
        hosted: true,
        status: 'active',
        reason: '',
        sequence: 1,
        heard: 0,
        asked: 0,
        since: 0,
      });
      await this.village.disk(hub).write([{ type: 'put', key: keys.shelf('member', pid), value }]);
    }
    await this.village.start(hub);
    await this.village.calm();
  }

  grant(member: string, agent: string, change: Partial<AgentGrant> = {}): Uint8Array {
    const someone = person(member);
    const created = this.village.clock.now();
    return sealBy(someone, 'AGENT_GRANT', {
      member_key: someone.signer.publicKey,
      agent_key: person(agent).signer.publicKey,
      sequence: this.next(`grant ${member}`),
      created,
      expires: created + YEAR_MS,
      scope: { pay: true, carry: true, clear: true },
      ...change,
    });
  }

  revocation(member: string, change: Partial<AgentRevoke> = {}): Uint8Array {
    const someone = person(member);
    return sealBy(someone, 'AGENT_REVOKE', {
      member_key: someone.signer.publicKey,
      sequence: this.next(`grant ${member}`),
      created: this.village.clock.now(),
      ...change,
    });
  }

  line(from: string, to: string, limit: string, change: Partial<LineState> = {}): Uint8Array {
    const owner = person(from);
    return sealBy(owner, 'TRUST_LINE_CREATE', {
      from_key: owner.signer.publicKey,
      to: person(to).pid,
      equivalent: UAH,
      precision: 2,
      limit: parseAmount(limit, 2),
      status: 'active',
      policy: DEFAULT_POLICY,
      sequence: this.next(`line ${from} ${to}`),
      changed: this.village.clock.now(),
      ...change,
    });
  }

  order(from: string, to: string, amount: string, hub: string, change: Partial<Order> = {}) {
    const payer = person(from);
    const created = this.village.clock.now();
    const order: Order = {
      payer_key: payer.signer.publicKey,
      payee: person(to).pid,
      equivalent: UAH,
      precision: 2,
      amount: parseAmount(amount, 2),
      max_hops: 6,
      max_paths: 3,
      avoid: [],
      coordinator: person(hub).pid,
      nonce: new Uint8Array(16).fill(++this.#orders),
      created,
      expires: created + 30_000,
      ...change,
    };
    return {
      tx: hashOf(encodeBody('PAYMENT_REQUEST', order)),
      bytes: sealBy(payer, 'PAYMENT_REQUEST', order),
    };
  }

  /** Has the courier bring a signed message to a node. */
  deliver(to: string, type: MessageName, envelope: Uint8Array): void {
    this.village.inject(COURIER, to, signedFrame(type, envelope));
  }

  /** Lets one hub know of another's member, as somebody may tell it. */
  async tell(hub: string, other: string, member: string): Promise<void> {
    const value = this.village.disk(hub).get(keys.agent(person(member).pid))!;
    const known = decodeRecord(AgentRecord, value);
    this.deliver(other, known.type, known.envelope);
    await this.village.calm();
  }

  /** `maria>anna 100` by a member of `hub`, or of a node for itself. */
  async trust(hub: string, text: string): Promise<void> {
    const [pair = '', limit = ''] = text.split(' ');
    const [from = '', to = ''] = pair.split('>');
    this.deliver(hub, 'TRUST_LINE_CREATE', this.line(from, to, limit));
    await this.village.pass(50);
  }

  /** Someone with a node gives a member a line. */
  async trustMember(node: string, member: string, limit: string): Promise<void> {
    const request = { peer: person(member).pid, equivalent: 'UAH', limit };
    await this.village.run(this.village.service(node).setTrustLine(request));
    await this.village.pass(50);
  }

  /** Someone with a node pays a member. @returns how it ended */
  async payMember(node: string, member: string, amount: string): Promise<string> {
    const request = { peer: person(member).pid, equivalent: 'UAH', amount };
    const { state, reason } = await this.village.run(this.village.service(node).pay(request));
    await this.village.calm();
    return reason === null ? state : `${state} ${reason.details.fault}`;
  }

  /** Edges of which two nodes have different books, and what else must not be. */
  async faults(): Promise<string[]> {
    const { village } = this;
    const faults = await faultsOf(village);
    const books = new Map<string, { node: string; edge: Edge }>();
    for (const node of village.names) {
      for (const [key, value] of village.disk(node).snapshot()) {
        if (!key.startsWith('edge/')) continue;
        const edge = decodeRecord(EdgeRecord, value);
        if (edge.heldUp + edge.heldDown !== 0n) faults.push(`${node}: holds on ${key}`);
        if (edge.dispute !== undefined) faults.push(`${node}: ${key}: ${edge.dispute}`);
        const other = books.get(key);
        if (other === undefined) books.set(key, { node, edge });
        else if (!sameEdge(edge, other.edge)) faults.push(`${node} and ${other.node}: ${key}`);
      }
    }
    return faults;
  }

  /** A member pays. @returns how it ended, by the hub's record */
  async pay(hub: string, from: string, to: string, amount: string): Promise<string> {
    const { tx, bytes } = this.order(from, to, amount, hub);
    this.deliver(hub, 'PAYMENT_REQUEST', bytes);
    await this.village.pass(50);
    for (let waits = 0; waits < 200; waits++) {
      const outcome = await this.outcome(hub, tx);
      if (/^(COMMITTED|ABORTED)/.test(outcome)) break;
      await this.village.pass(200);
    }
    await this.village.calm();
    return this.outcome(hub, tx);
  }

  async outcome(hub: string, tx: Hash): Promise<string> {
    const { state, reason } = await this.village.run(this.village.service(hub).transaction(tx));
    return reason === null ? state : `${state} ${reason.details.fault}`;
  }

  /** An edge as the store of a node has it; undefined if it has none. */
  edge(node: string, one: string, other: string): Edge | undefined {
    const id = edgeId(person(one).pid as Pid, person(other).pid as Pid, UAH);
    const value = this.village.disk(node).get(keys.edge(id));
    return value && decodeRecord(EdgeRecord, value);
  }

  /** What `debtor` owes `creditor` in the book of `node`; negative: the other way round. */
  owes(node: string, debtor: string, creditor: string): number {
    const edge = this.edge(node, debtor, creditor);
    if (edge === undefined) throw new Error(`${node} has no edge of ${debtor} and ${creditor}`);
    const balance = edge.high === person(debtor).pid ? edge.balance : -edge.balance;
    return Number(balance) / 100;
  }

  /** Waits for what also waits for the real disk, without letting imagined time pass. */
  async withFiles<T>(promise: Promise<T>): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    while (!settled) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      await this.village.clock.settle();
    }
    return watched;
  }

  next(name: string): number {
    const sequence = (this.#sequences.get(name) ?? 0) + 1;
    this.#sequences.set(name, sequence);
    return sequence;
  }
}

function sameEdge(a: Edge, b: Edge): boolean {
  const lines = (edge: Edge) => [edge.lowLine?.sequence, edge.highLine?.sequence].join();
  return (
    a.balance === b.balance && a.count === b.count && a.digest === b.digest && lines(a) === lines(b)
  );
}
