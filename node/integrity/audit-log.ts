/**
 * The audit log of a node: what was done to the node itself and not by a payment. It only grows, and each entry
 * holds the hash of the one before. What belongs in it is seen by what a turn writes, so that nobody who writes
 * such a record can forget to say so.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Hash, hashOf } from '../../protocol/identity/pid.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Store } from '../ports.ts';
import { LogHead, LogRecord } from '../store/integrity-records.ts';
import {
  BACKUP_PLACE,
  keys,
  LOG_HEAD,
  LOG_SETTINGS,
  logAfter,
  numberOf,
  PARTICIPATION_FROZEN,
  prefixOf,
  tailOf,
} from '../store/keys.ts';
import { decodeRecord, encodeRecord } from '../store/records.ts';
import { changedOptions, type NotedOptions, notedOptions, type Options } from './noted-options.ts';

type Entry = Pick<LogRecord, 'kind' | 'text'>;

export interface LogCheck {
  readonly entries: number;
  /** What does not hold; nothing if all does. */
  readonly problem: string | undefined;
}

const NOTHING = '0'.repeat(64) as Hash;
const TEXT_MAX = 400;
/** Entries between two rests of whoever checks the chain. */
const SLICE = 1_000;

export class AuditLog {
  readonly #hall: Hall;
  readonly #store: Store;
  /** What turns that are not sealed yet have noted. */
  readonly #noted = new WeakMap<Turn, Entry[]>();

  constructor(hall: Hall, store: Store) {
    this.#hall = hall;
    this.#store = store;
    hall.beforeSeal((turn) => this.#seal(turn));
  }

  /** Writes down what the turn does and its records do not show. */
  note(turn: Turn, kind: LogRecord['kind'], text: string): void {
    this.#noted.set(turn, [...(this.#noted.get(turn) ?? []), { kind, text }]);
  }

  /** Writes down a start with options that differ from those of the last one: what each was and is, but for secrets. */
  async noteStart(options: Options): Promise<void> {
    const now = notedOptions(options);
    const value = this.#hall.state.meta.get(LOG_SETTINGS);
    const before: NotedOptions | undefined = value && JSON.parse(new TextDecoder().decode(value));
    const texts = before === undefined ? ['for the first time'] : changedOptions(before, now);
    if (texts.length === 0) return;
    await this.#hall.turn((turn) => {
      turn.putMeta(LOG_SETTINGS, new TextEncoder().encode(JSON.stringify(now)));
      for (const text of texts) this.note(turn, 'started', text);
    });
  }

  /** Entries after `number`, oldest first, at most `limit`. */
  async since(number: number, limit: number): Promise<LogRecord[]> {
    const entries: LogRecord[] = [];
    for await (const [, value] of this.#store.scan({ ...logAfter(number), limit })) {
      entries.push(decodeRecord(LogRecord, value));
    }
    return entries;
  }

  /** Number of the newest entry that is stored; 0 if there is none. */
  async newest(): Promise<number> {
    let newest = 0;
    for await (const [key] of this.#store.scan(logAfter(0))) newest = numberOf(key);
    return newest;
  }

  /** Where nothing says any more which entry is the newest, none is written over; the chain stays broken there. */
  keepWhatIsThere(turn: Turn, newest: number): void {
    if (this.#hall.state.meta.has(LOG_HEAD)) return;
    turn.putMeta(LOG_HEAD, encodeRecord(LogHead, { number: newest, hash: NOTHING }));
  }

  #seal(turn: Turn): void {
    const entries = [...(this.#noted.get(turn) ?? [])];
    for (const [key, value] of turn.written()) {
      const entry = entryOf(key, value);
      if (entry !== undefined) entries.push(entry);
    }
    if (entries.length === 0) return;
    const known = this.#hall.state.meta.get(LOG_HEAD);
    let head = known === undefined ? { number: 0, hash: NOTHING } : decodeRecord(LogHead, known);
    for (const { kind, text } of entries) {
      const number = head.number + 1;
      const record = { number, time: turn.now, kind, text: within(text), previous: head.hash };
      const bytes = encodeRecord(LogRecord, record);
      turn.put(keys.log(number), bytes);
      head = { number, hash: hashOf(bytes) };
    }
    turn.putMeta(LOG_HEAD, encodeRecord(LogHead, head));
  }
}

/** Goes through the whole chain, as far as it went when this began. @param rest called between slices */
export async function checkAuditLog(store: Store, rest: () => Promise<void>): Promise<LogCheck> {
  try {
    return await followChain(store, rest);
  } catch (error) {
    if (!(error instanceof GeoError) || error.code !== 'E009') throw error;
    return { entries: 0, problem: 'an entry is no entry any more' };
  }
}

async function followChain(store: Store, rest: () => Promise<void>): Promise<LogCheck> {
  const known = store.get(keys.meta(LOG_HEAD));
  const head = known === undefined ? { number: 0, hash: NOTHING } : decodeRecord(LogHead, known);
  let last: Hash = NOTHING;
  let entries = 0;
  const found = (problem: string | undefined) => ({ entries, problem });
  for await (const [key, value] of store.scan(logAfter(0))) {
    // Written while this was reading; without the newest hash nothing may be there at all.
    if (entries === head.number && known !== undefined) break;
    const { number, previous } = decodeRecord(LogRecord, value);
    if (number !== entries + 1 || numberOf(key) !== number) {
      return found(`entry ${entries + 1} is missing`);
    }
    if (previous !== last) return found(`entry ${entries} is not the one that was written`);
    last = hashOf(value);
    entries++;
    if (entries % SLICE === 0) await rest();
  }
  const isWhole = entries === head.number && last === head.hash;
  return found(isWhole ? undefined : 'the newest entry is not the one that was written last');
}

/** What a record that is written or deleted says about the node itself. */
function entryOf(key: string, value: Uint8Array | undefined): Entry | undefined {
  const name = tailOf(key);
  switch (prefixOf(key)) {
    case 'act':
      return value && { kind: 'act', text: `act ${numberOf(key)}, SHA-256 ${hashOf(value)}` };
    case 'finding':
      return { kind: value === undefined ? 'release' : 'freeze', text: `edge ${name}` };
    case 'session':
      return value === undefined ? { kind: 'session', text: `${name} has ended` } : undefined;
    case 'meta':
      return metaEntryOf(name, value);
    default:
      return undefined;
  }
}

function metaEntryOf(name: string, value: Uint8Array | undefined): Entry | undefined {
  if (name === BACKUP_PLACE) {
    const text = value && new TextDecoder().decode(value);
    return { kind: 'backup', text: `incremental: ${text ?? 'ended'}` };
  }
  if (name === PARTICIPATION_FROZEN) {
    return { kind: 'participation', text: value?.[0] === 1 ? 'frozen' : 'active' };
  }
  return undefined;
}

/** Cut to so many bytes: the log must be able to take whatever happens. */
function within(text: string): string {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length <= TEXT_MAX) return text;
  return `${new TextDecoder().decode(bytes.subarray(0, TEXT_MAX - 6)).replace(/\ufffd$/, '')}…`;
}
