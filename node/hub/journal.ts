/**
 * The journal of a hub: every act of an operator, and everyone who joined or left. It only grows, and
 * each entry holds the hash of the one before: whoever has noted the newest hash can tell later that
 * nothing up to it was changed or taken out.
 */
import { type Hash, hashOf, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { isSignedBy, readSigned } from '../../protocol/wire/envelope.ts';
import { textWithin } from '../../protocol/wire/text-within.ts';
import type { Turn } from '../engine/turn.ts';
import type { Store, VerifySignature } from '../ports.ts';
import { ActRecord, JournalHead } from '../store/hub-records.ts';
import { actsSince, JOURNAL_HEAD, keys } from '../store/keys.ts';
import { decodeRecord, encodeRecord } from '../store/records.ts';
import type { Actor } from './operators.ts';

export interface Act {
  readonly actor: Actor;
  readonly role: ActRecord['role'];
  readonly act: string;
  readonly subject: string;
  readonly reason: string;
  readonly before?: object | undefined;
  readonly after?: object | undefined;
}

export interface JournalCheck {
  readonly held: boolean;
  readonly acts: number;
  /** Hash of the newest act; absent if there is none. */
  readonly head: Hash | undefined;
  /** What does not hold; empty if all does. */
  readonly problem: string;
}

/** Where the newest act is remembered: the state of a node, or a store at rest. */
interface Heads {
  readonly meta: { get(name: string): Uint8Array | undefined };
}

const NOTHING = '0'.repeat(64) as Hash;

export class Journal {
  readonly #state: Heads;
  readonly #store: Store;
  readonly #verify: VerifySignature;

  constructor(state: Heads, store: Store, verify: VerifySignature) {
    this.#state = state;
    this.#store = store;
    this.#verify = verify;
  }

  get head(): JournalHead | undefined {
    const value = this.#state.meta.get(JOURNAL_HEAD);
    return value && decodeRecord(JournalHead, value);
  }

  /** Writes down what the turn does: one act in each turn. */
  note(turn: Turn, { actor, before, after, reason, ...act }: Act): void {
    const head = this.head;
    const record: ActRecord = {
      ...act,
      actor: actor.pid,
      ...(actor.request === undefined ? {} : { request: actor.request }),
      reason: textWithin(reason, 300),
      number: (head?.number ?? 0) + 1,
      time: turn.now,
      before: jsonOf(before),
      after: jsonOf(after),
      previous: head?.hash ?? NOTHING,
    };
    const bytes = encodeRecord(ActRecord, record);
    turn.put(keys.act(record.number), bytes);
    const next = { number: record.number, hash: hashOf(bytes) };
    turn.putMeta(JOURNAL_HEAD, encodeRecord(JournalHead, next));
  }

  /** The acts after `number`, oldest first, at most `limit`. */
  async since(number: number, limit: number): Promise<ActRecord[]> {
    const acts: ActRecord[] = [];
    for await (const [, value] of this.#store.scan({ ...actsSince(number), limit })) {
      acts.push(decodeRecord(ActRecord, value));
    }
    return acts;
  }

  /**
   * Goes through the whole chain.
   * @param noted a hash that was the newest once: the chain has to pass through it
   */
  async verify(noted?: Hash): Promise<JournalCheck> {
    const head = this.head;
    let last: Hash = NOTHING;
    let number = 0;
    let passed = noted === undefined;
    for await (const [, value] of this.#store.scan(actsSince(0))) {
      const act = decodeRecord(ActRecord, value);
      // What was written while this was reading is checked next time.
      const isNext = act.number === number + 1 && act.number <= (this.head?.number ?? 0);
      if (number === (head?.number ?? 0) && isNext) break;
      number++;
      if (act.number !== number) return broken(number - 1, last, `act ${number} is missing`);
      if (act.previous !== last) {
        return broken(
          number - 1,
          last,
          `act ${number - 1} is not the one that act ${number} followed`,
        );
      }
      if (act.request !== undefined && !this.#isSignedByActor(act, act.request)) {
        return broken(number - 1, last, `act ${number} was not signed by its actor`);
      }
      last = hashOf(value);
      passed ||= last === noted;
    }
    if (number !== (head?.number ?? 0) || last !== (head?.hash ?? NOTHING)) {
      return broken(number, last, `the newest act is not the one that was written last`);
    }
    if (!passed) return broken(number, last, 'the noted hash is not of any act in this journal');
    return { held: true, acts: number, head: number === 0 ? undefined : last, problem: '' };
  }

  #isSignedByActor({ actor }: ActRecord, request: Uint8Array): boolean {
    const signed = readSigned('OPERATOR_REQUEST', request);
    const { operator_key: key } = signed.body;
    return pidFromPublicKey(key) === actor && isSignedBy(signed, key, this.#verify);
  }
}

function broken(acts: number, last: Hash, problem: string): JournalCheck {
  return { held: false, acts, head: acts === 0 ? undefined : last, problem };
}

function jsonOf(value: object | undefined): string {
  return value === undefined ? '' : textWithin(JSON.stringify(value), 2_000);
}
