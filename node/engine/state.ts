/**
 * What the node has in memory: every edge, every attempt that still has something to do, and the
 * small books of peers, contacts and equivalents. All of it is a copy of the store plus the turns
 * that are on their way there; after a failed write it is read again.
 */
import type { Hash, Pid, TxId } from '../../protocol/identity/pid.ts';
import { type Edge, edgeKey } from '../../protocol/ledger/edge.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Contact } from '../../protocol/wire/messages/route.ts';
import type { Store } from '../ports.ts';
import { keys, type Prefix, rangeOf, tailOf } from '../store/keys.ts';
import * as records from '../store/records.ts';
import { type Attempt, fromRecord, type StatementKey, statementKeys } from './attempts/attempt.ts';
import type { Shelf } from './shelf.ts';

/**
 * Settled attempts, and as many transactions, that are still at hand: more than a batch by default has turns. Who
 * waits asks when the batch is written; what stays longer costs the collector more than it saves.
 */
const RECENT_MAX = 256;

/** Follows every change of an edge in memory. */
export interface EdgeWatcher {
  /** @param key its name, `edgeKey` */
  changed(edge: Edge, key: string): void;
  /** All of them were read from the store. */
  reloaded(): void;
}

export class State {
  readonly edges = new Map<string, Edge>();
  readonly attempts = new Map<Hash, Attempt>();
  readonly transactions = new Map<TxId, records.TransactionRecord>();
  readonly outbox = new Map<string, records.OutboxRecord>();
  /** Who votes for a participant, where it has said so. */
  readonly agents = new Map<Pid, records.AgentRecord>();
  readonly peers = new Map<Pid, records.PeerRecord>();
  /** Newest signed version of every line, by `equivalent/owner/other`. */
  readonly lines = new Map<string, records.LineEnvelopeRecord>();
  readonly contacts = new Map<string, records.ContactRecord>();
  readonly equivalents = new Map<EquivalentCode, records.EquivalentRecord>();
  /** Own payments without an outcome. */
  readonly open = new Set<TxId>();
  /** Clearings that wait for somebody's word, or are coordinated here and have no outcome. */
  readonly clearings = new Set<TxId>();
  readonly meta = new Map<string, Uint8Array>();
  /** Voters of live attempts whom no peer record names. */
  readonly contactsOfLive: Contact[] = [];
  readonly #store: Store;
  /** Keys of the edges of each participant: no edge is ever taken away. */
  readonly #edgesOf = new Map<Pid, string[]>();
  readonly #watchers: EdgeWatcher[] = [];
  readonly #settled = new Map<Hash, Attempt>();
  readonly #ended = new Map<TxId, records.TransactionRecord>();
  readonly #shelves = new Map<Shelf<unknown>, Map<string, unknown>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** The records of a room above the engine, by what follows their prefix. To be asked for before {@link load}. */
  shelf<T>(shelf: Shelf<T>): Map<string, T> {
    const known = this.#shelves.get(shelf);
    if (known !== undefined) return known as Map<string, T>;
    const records = new Map<string, T>();
    this.#shelves.set(shelf, records);
    return records;
  }

  watchEdges(watcher: EdgeWatcher): void {
    this.#watchers.push(watcher);
  }

  setEdge(key: string, edge: Edge): void {
    if (!this.edges.has(key)) this.#index(key, edge);
    this.edges.set(key, edge);
    for (const watcher of this.#watchers) watcher.changed(edge, key);
  }

  /** Every edge of a participant, without looking at those of others: a hub has them all. */
  edgesOf(participant: Pid): Edge[] {
    return (this.#edgesOf.get(participant) ?? []).map((key) => this.edges.get(key)!);
  }

  async load(): Promise<void> {
    const fresh = new State(this.#store);
    await fresh.#each('edge', (_, value) => {
      const edge = records.decodeRecord(records.EdgeRecord, value);
      fresh.edges.set(edgeKey(edge), edge);
    });
    await fresh.#each('live', (hash, value) => {
      const { contacts } = records.decodeRecord(records.LiveRecord, value);
      fresh.contactsOfLive.push(...contacts);
      const attempt = fresh.readAttempt(hash as Hash);
      if (attempt !== undefined) fresh.attempts.set(hash as Hash, attempt);
    });
    await fresh.#each('open', (tx) => {
      fresh.open.add(tx as TxId);
    });
    await fresh.#each('clearing', (tx) => {
      fresh.clearings.add(tx as TxId);
    });
    await fresh.#each('outbox', (key, value) => {
      fresh.outbox.set(key, records.decodeRecord(records.OutboxRecord, value));
    });
    await fresh.#each('agent', (pid, value) => {
      fresh.agents.set(pid as Pid, records.decodeRecord(records.AgentRecord, value));
    });
    await fresh.#each('peer', (pid, value) => {
      fresh.peers.set(pid as Pid, records.decodeRecord(records.PeerRecord, value));
    });
    await fresh.#each('line', (key, value) => {
      fresh.lines.set(key, records.decodeRecord(records.LineEnvelopeRecord, value));
    });
    await fresh.#each('contact', (name, value) => {
      fresh.contacts.set(name, records.decodeRecord(records.ContactRecord, value));
    });
    await fresh.#each('equivalent', (code, value) => {
      const equivalent = records.decodeRecord(records.EquivalentRecord, value);
      fresh.equivalents.set(code as EquivalentCode, equivalent);
    });
    await fresh.#each('meta', (name, value) => {
      fresh.meta.set(name, value);
    });
    for (const shelf of this.#shelves.keys()) {
      const kept = fresh.shelf(shelf);
      await fresh.#each(shelf.prefix, (name, value) => {
        kept.set(name, records.decodeRecord(shelf.schema, value));
      });
    }
    this.#become(fresh);
  }

  /**
   * What has just been settled is mostly asked for once more, by whoever waits for it: the newest
   * are kept as the store has them.
   */
  rememberSettled(hash: Hash, attempt: Attempt): void {
    remember(this.#settled, hash, attempt);
  }

  rememberEnded(tx: TxId, record: records.TransactionRecord): void {
    remember(this.#ended, tx, record);
  }

  /** An attempt as the node has it now: live in memory, or settled in the store. */
  attemptOf(hash: Hash): Attempt | undefined {
    return this.attempts.get(hash) ?? this.readAttempt(hash);
  }

  /** A transaction as the node has it now: open in memory, or ended in the store. */
  transactionOf(tx: TxId): records.TransactionRecord | undefined {
    return this.transactions.get(tx) ?? this.readTransaction(tx);
  }

  /** A settled attempt, or any other, from the store. */
  readAttempt(hash: Hash): Attempt | undefined {
    const recent = this.#settled.get(hash);
    if (recent !== undefined) return recent;
    const value = this.#store.get(keys.attempt(hash));
    const manifest = value && this.#store.get(keys.manifest(hash));
    if (value === undefined || manifest === undefined) return undefined;
    const record = records.decodeRecord(records.AttemptRecord, value);
    const statements = new Map<StatementKey, Uint8Array>();
    for (const key of statementKeys(record.evidence, record.size)) {
      const bytes = this.#store.get(keys.said(hash, key));
      if (bytes !== undefined) statements.set(key, bytes);
    }
    return fromRecord(record, openManifest(manifest), statements);
  }

  readTransaction(tx: TxId): records.TransactionRecord | undefined {
    const recent = this.#ended.get(tx);
    if (recent !== undefined) return recent;
    const value = this.#store.get(keys.transaction(tx));
    return value && records.decodeRecord(records.TransactionRecord, value);
  }

  async #each(prefix: Prefix, use: (tail: string, value: Uint8Array) => void): Promise<void> {
    for await (const [key, value] of this.#store.scan(rangeOf(prefix))) use(tailOf(key), value);
  }

  #index(key: string, { low, high }: Edge): void {
    for (const end of [low, high]) {
      const known = this.#edgesOf.get(end);
      if (known === undefined) this.#edgesOf.set(end, [key]);
      else known.push(key);
    }
  }

  /** Takes over another's content at one stroke: no turn sees a half-read state. */
  #become(other: State): void {
    replace(this.edges, other.edges);
    this.#edgesOf.clear();
    for (const [key, edge] of this.edges) this.#index(key, edge);
    replace(this.attempts, other.attempts);
    replace(this.transactions, other.transactions);
    replace(this.outbox, other.outbox);
    replace(this.agents, other.agents);
    replace(this.peers, other.peers);
    replace(this.lines, other.lines);
    replace(this.contacts, other.contacts);
    replace(this.equivalents, other.equivalents);
    replace(this.meta, other.meta);
    for (const [shelf, kept] of this.#shelves) replace(kept, other.shelf(shelf));
    this.contactsOfLive.splice(0, this.contactsOfLive.length, ...other.contactsOfLive);
    this.#settled.clear();
    this.#ended.clear();
    this.open.clear();
    for (const tx of other.open) this.open.add(tx);
    this.clearings.clear();
    for (const tx of other.clearings) this.clearings.add(tx);
    for (const watcher of this.#watchers) watcher.reloaded();
  }
}

function remember<K, V>(recent: Map<K, V>, key: K, value: V): void {
  recent.delete(key);
  if (recent.size >= RECENT_MAX) recent.delete(recent.keys().next().value!);
  recent.set(key, value);
}

function replace<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear();
  for (const [key, value] of source) target.set(key, value);
}
