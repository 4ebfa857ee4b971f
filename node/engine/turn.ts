/**
 * One turn: everything that one event changes, collected first, then handed over in one piece.
 *
 * Reads see the turn's own changes before the node's; nothing of a turn that throws remains. What
 * the turn wants to send or tell waits until its writes are durable.
 */
import type { Hash, Pid, PublicKey, TxId } from '../../protocol/identity/pid.ts';
import { type Edge, type EdgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Contact } from '../../protocol/wire/messages/route.ts';
import { HISTORY_HEAD, keys } from '../store/keys.ts';
import * as records from '../store/records.ts';
import { type Attempt, isSettled, type StatementKey, toRecord } from './attempts/attempt.ts';
import type { DeadlineTopic } from './deadlines.ts';
import type { TurnOp } from './group-commit.ts';
import type { Notice } from './notices.ts';
import type { Shelf } from './shelf.ts';
import type { State } from './state.ts';

interface Sending {
  readonly to: PublicKey;
  readonly frame: Uint8Array;
}

/** What a finished turn leaves to do. */
export interface TurnResult {
  readonly ops: readonly TurnOp[];
  /** Makes the turn visible to the turns after it. */
  readonly merge: () => void;
  /** To be done once the writes are durable, in this order. */
  readonly sendings: readonly Sending[];
  readonly notices: readonly Notice[];
  readonly deadlines: ReadonlyMap<DeadlineTopic, number | undefined>;
  /** Drops from memory what is settled and can now be read from the store. */
  readonly forget: () => void;
}

const ENDED: readonly string[] = ['COMMITTED', 'ABORTED', 'REJECTED'];
/** A participant of a clearing has been asked, or has agreed: the proposal may still expire. */
const WAITING: readonly string[] = ['PROPOSED', 'WAITING_CONFIRMATIONS'];

export class Turn {
  readonly now: number;
  readonly #state: State;
  readonly #nextEntry: () => number;
  readonly #ops = new Map<string, TurnOp>();
  readonly #edges = new Map<string, Edge>();
  readonly #attempts = new Map<Hash, Attempt>();
  readonly #agents = new Map<Pid, records.AgentRecord>();
  readonly #transactions = new Map<TxId, records.TransactionRecord>();
  /** Transactions that may be forgotten afterwards, in the version that the store then has. */
  readonly #stored = new Map<TxId, records.TransactionRecord>();
  /** The last transaction that was looked for in the store. */
  #asked: { tx: TxId; record: records.TransactionRecord | undefined } | undefined;
  readonly #merges: (() => void)[] = [];
  readonly #sendings: Sending[] = [];
  readonly #notices: Notice[] = [];
  readonly #deadlines = new Map<DeadlineTopic, number | undefined>();

  /** @param nextEntry a number for an entry of a history, higher than any before */
  constructor(state: State, now: number, nextEntry: () => number) {
    this.#state = state;
    this.now = now;
    this.#nextEntry = nextEntry;
  }

  edge(id: EdgeId): Edge | undefined {
    const key = edgeKey(id);
    return this.#edges.get(key) ?? this.#state.edges.get(key);
  }

  putEdge(edge: Edge): void {
    this.#edges.set(edgeKey(edge), edge);
  }

  attempt(hash: Hash): Attempt | undefined {
    return (
      this.#attempts.get(hash) ?? this.#state.attempts.get(hash) ?? this.#state.readAttempt(hash)
    );
  }

  /**
   * Stores an attempt with the statements that are new in it.
   * @param contacts where its voters may be reached, to be known after a restart too
   */
  putAttempt(
    attempt: Attempt,
    fresh: ReadonlyMap<StatementKey, Uint8Array>,
    isNew: boolean,
    contacts: () => readonly Contact[],
  ): void {
    const { hash } = attempt.open;
    this.#attempts.set(hash, attempt);
    if (isNew) this.put(keys.manifest(hash), attempt.open.bytes);
    for (const [key, bytes] of fresh) this.put(keys.said(hash, key), bytes);
    const settled = isSettled(attempt);
    if (settled && !isNew) this.del(keys.live(hash));
    else if (!settled && (isNew || !this.#state.attempts.has(hash))) {
      const live = { contacts: contacts() };
      this.put(keys.live(hash), records.encodeRecord(records.LiveRecord, live));
    }
    this.#deadlines.set(`attempt:${hash}`, settled ? undefined : attempt.timer);
  }

  /** Drops the record of an attempt: restored books must not speak from it. Its statements stay. */
  forgetAttempt(hash: Hash): void {
    this.#attempts.delete(hash);
    this.del(keys.attempt(hash));
    this.del(keys.live(hash));
    this.#merges.push(() => this.#state.attempts.delete(hash));
    this.#deadlines.set(`attempt:${hash}`, undefined);
  }

  transaction(tx: TxId): records.TransactionRecord | undefined {
    const known = this.#transactions.get(tx) ?? this.#state.transactions.get(tx);
    if (known !== undefined) return known;
    // The store is asked once: most turns that ask again do so because there was nothing.
    if (this.#asked === undefined || this.#asked.tx !== tx) {
      this.#asked = { tx, record: this.#state.readTransaction(tx) };
    }
    return this.#asked.record;
  }

  putTransaction(tx: TxId, record: records.TransactionRecord): void {
    this.#transactions.set(tx, record);
    const { open, clearings } = this.#state;
    const ended = ENDED.includes(record.state);
    // Only what this node has begun is its to end.
    const begun = record.role === 'payer' || record.role === 'coordinator';
    if (record.clearing === undefined) {
      if (begun) this.#mark(tx, keys.open(tx), open, !ended);
    } else {
      const waits = begun ? !ended : WAITING.includes(record.state);
      this.#mark(tx, keys.clearing(tx), clearings, waits);
    }
  }

  /** Keeps a list of transactions that have something left to do, in memory and in the store. */
  #mark(tx: TxId, key: string, list: Set<TxId>, isIn: boolean): void {
    if (isIn) this.put(key, new Uint8Array(0));
    else if (list.has(tx)) this.del(key);
    // Begun and ended in one turn: what was never in the store need not be taken out of it.
    else this.#ops.delete(key);
    this.#merges.push(() => {
      if (isIn) list.add(tx);
      else list.delete(tx);
    });
  }

  putLine(owner: Pid, other: Pid, equivalent: EquivalentCode, line: records.LineEnvelopeRecord) {
    const key = keys.line(equivalent, owner, other);
    this.put(key, records.encodeRecord(records.LineEnvelopeRecord, line));
    this.#merges.push(() => this.#state.lines.set(`${equivalent}/${owner}/${other}`, line));
  }

  agent(pid: Pid): records.AgentRecord | undefined {
    return this.#agents.get(pid) ?? this.#state.agents.get(pid);
  }

  putAgent(pid: Pid, agent: records.AgentRecord): void {
    this.#agents.set(pid, agent);
    this.put(keys.agent(pid), records.encodeRecord(records.AgentRecord, agent));
    this.#merges.push(() => this.#state.agents.set(pid, agent));
  }

  putPeer(pid: Pid, peer: records.PeerRecord): void {
    this.put(keys.peer(pid), records.encodeRecord(records.PeerRecord, peer));
    this.#merges.push(() => this.#state.peers.set(pid, peer));
  }

  putContact(name: string, contact: records.ContactRecord): void {
    this.put(keys.contact(name), records.encodeRecord(records.ContactRecord, contact));
    this.#merges.push(() => this.#state.contacts.set(name, contact));
  }

  putEquivalent(code: EquivalentCode, equivalent: records.EquivalentRecord): void {
    this.put(keys.equivalent(code), records.encodeRecord(records.EquivalentRecord, equivalent));
    this.#merges.push(() => this.#state.equivalents.set(code, equivalent));
  }

  /** Keeps an equivalent that something signed shows to have been known here. */
  keepEquivalent(code: EquivalentCode, precision: number): void {
    if (!this.#state.equivalents.has(code)) this.putEquivalent(code, { precision, metadata: [] });
  }

  putMeta(name: string, value: Uint8Array): void {
    this.put(keys.meta(name), value);
    this.#merges.push(() => this.#state.meta.set(name, value));
  }

  /** Keeps a record of a room above the engine; turns after this one see it. */
  shelve<T>(shelf: Shelf<T>, name: string, record: T): void {
    this.put(keys.shelf(shelf.prefix, name), records.encodeRecord(shelf.schema, record));
    this.#merges.push(() => this.#state.shelf(shelf).set(name, record));
  }

  unshelve<T>(shelf: Shelf<T>, name: string): void {
    this.del(keys.shelf(shelf.prefix, name));
    this.#merges.push(() => this.#state.shelf(shelf).delete(name));
  }

  putOutbox(to: Pid, topic: string, entry: records.OutboxRecord): void {
    const tail = `${to}/${topic}`;
    this.put(keys.outbox(to, topic), records.encodeRecord(records.OutboxRecord, entry));
    this.#merges.push(() => this.#state.outbox.set(tail, entry));
    this.#deadlines.set(`outbox:${tail}`, entry.next);
  }

  endOutbox(to: Pid, topic: string): void {
    const tail = `${to}/${topic}`;
    this.del(keys.outbox(to, topic));
    this.#merges.push(() => this.#state.outbox.delete(tail));
    this.#deadlines.set(`outbox:${tail}`, undefined);
  }

  /** Sets, moves or clears a deadline once the turn is durable. */
  deadline(topic: DeadlineTopic, at: number | undefined): void {
    this.#deadlines.set(topic, at);
  }

  /** @param member whose history it belongs to, if not this node's own */
  history(entry: Omit<records.HistoryRecord, 'time'>, member?: Pid): void {
    const number = this.#nextEntry();
    const key = member === undefined ? keys.history(number) : keys.account(member, number);
    this.put(key, records.encodeRecord(records.HistoryRecord, { ...entry, time: this.now }));
    this.putMeta(HISTORY_HEAD, records.encodeCount(number));
  }

  put(key: string, value: Uint8Array): void {
    this.#ops.set(key, { type: 'put', key, value });
  }

  del(key: string): void {
    this.#ops.set(key, { type: 'del', key });
  }

  /** Does something when the turn's changes become visible to later ones. */
  onMerge(work: () => void): void {
    this.#merges.push(work);
  }

  /** Queues a frame for when the turn is durable. */
  send(to: PublicKey, frame: Uint8Array): void {
    this.#sendings.push({ to, frame });
  }

  /**
   * What the turn has put and deleted so far, by key; a deleted one has no value. Its edges, attempts and
   * transactions are not among them before it is finished.
   */
  *written(): Generator<readonly [key: string, value: Uint8Array | undefined]> {
    for (const op of this.#ops.values()) yield [op.key, op.type === 'put' ? op.value : undefined];
  }

  /** What listeners will hear of this turn. */
  get notices(): readonly Notice[] {
    return this.#notices;
  }

  notice(notice: Notice): void {
    this.#notices.push(notice);
  }

  finish(): TurnResult {
    for (const edge of this.#edges.values()) {
      this.#record(keys.edge(edge), () => records.encodeRecord(records.EdgeRecord, edge));
    }
    for (const [hash, attempt] of this.#attempts) {
      this.#record(keys.attempt(hash), () =>
        records.encodeRecord(records.AttemptRecord, toRecord(attempt)),
      );
    }
    for (const [tx, record] of this.#transactions) {
      this.#record(keys.transaction(tx), () =>
        records.encodeRecord(records.TransactionRecord, record),
      );
    }
    return {
      ops: [...this.#ops.values()],
      merge: () => this.#merge(),
      sendings: this.#sendings,
      notices: this.#notices,
      deadlines: this.#deadlines,
      forget: () => this.#forget(),
    };
  }

  #record(key: string, encode: () => Uint8Array): void {
    this.#ops.set(key, { type: 'record', key, encode });
  }

  #merge(): void {
    const { attempts, transactions } = this.#state;
    for (const [key, edge] of this.#edges) this.#state.setEdge(key, edge);
    for (const [tx, record] of this.#transactions) {
      transactions.set(tx, record);
      this.#stored.set(tx, record);
    }
    for (const [hash, attempt] of this.#attempts) {
      attempts.set(hash, attempt);
      const { tx } = attempt.open;
      const record = isSettled(attempt) ? transactions.get(tx) : undefined;
      if (record !== undefined) this.#stored.set(tx, record);
    }
    for (const merge of this.#merges) merge();
  }

  /** A later turn may have replaced what this one left behind; that turn will see to it. */
  #forget(): void {
    const { attempts, transactions, open } = this.#state;
    for (const [hash, attempt] of this.#attempts) {
      if (attempts.get(hash) !== attempt || !isSettled(attempt)) continue;
      attempts.delete(hash);
      this.#state.rememberSettled(hash, attempt);
    }
    for (const [tx, record] of this.#stored) {
      if (transactions.get(tx) !== record || open.has(tx)) continue;
      // While an attempt of it is live it will be asked for once more: when that one ends.
      if (record.attempts.some((hash) => attempts.has(hash))) continue;
      transactions.delete(tx);
      this.#state.rememberEnded(tx, record);
    }
  }
}
