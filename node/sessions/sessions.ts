/**
 * Who has signed in. Sessions are records of the node like all others: an exchange of tokens is a turn,
 * and answered when it is durable.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Hash, hashOf, type Pid } from '../../protocol/identity/pid.ts';
import type { Hall } from '../engine/hall.ts';
import type { Shelf } from '../engine/shelf.ts';
import type { Turn } from '../engine/turn.ts';
import type { Entropy } from '../ports.ts';
import { SessionRecord } from '../store/session-records.ts';
import { begun, exchanged, type Terms } from './session.ts';
import { accessSecret, ID_BYTES, nameOf, readToken, SECRET_BYTES, writeToken } from './tokens.ts';

/** By name: SHA-256 of the id in the tokens. */
const SESSIONS: Shelf<SessionRecord> = { prefix: 'session', schema: SessionRecord };

/** What a client holds after it has signed in, or exchanged its tokens. */
export interface Tokens {
  readonly session: Hash;
  readonly record: SessionRecord;
  readonly access: string;
  readonly refresh: string;
}

export interface Holder {
  readonly session: Hash;
  readonly participant: Pid;
  /** With a password instead of the key. */
  readonly byLink: boolean;
}

interface Context {
  readonly hall: Hall;
  readonly entropy: Entropy;
  readonly now: () => number;
  readonly terms: Terms;
  /** Sessions at most, of one participant and of all. */
  readonly perParticipant: number;
  readonly kept: number;
  /** When these books were restored, ms since 1970 UTC; 0 for never. */
  readonly books: () => number;
  /** Whether a participant may still be signed in here. */
  readonly isKnown: (participant: Pid) => boolean;
}

export class Sessions {
  readonly #context: Context;
  readonly #known: ReadonlyMap<string, SessionRecord>;

  constructor(context: Context) {
    this.#context = context;
    this.#known = context.hall.state.shelf(SESSIONS);
  }

  /** A new session. Of one participant the oldest ends when there are too many. @throws GeoError E006 `too_many_sessions` */
  begin(participant: Pid, label: string, byLink = false): Promise<Tokens> {
    const { hall, entropy, terms, books } = this.#context;
    const id = entropy.bytes(ID_BYTES);
    const secret = entropy.bytes(SECRET_BYTES);
    return hall.turn((turn) => {
      this.#makeRoom(turn, participant);
      const record = begun({ participant, label, books: books(), byLink }, secret, terms, turn.now);
      turn.shelve(SESSIONS, nameOf({ id }), record);
      return tokensOf(id, secret, record);
    });
  }

  /**
   * The next tokens for a refresh token; with the same nonce the same again.
   * @throws GeoError E006 `session_ended`, `token_reused`: then the whole session has ended
   */
  async exchange(text: string, nonce: Uint8Array): Promise<Tokens> {
    const token = readToken('refresh', text);
    if (token === undefined) throw ended();
    const name = nameOf(token);
    if (this.#inForce(name) === undefined) throw ended();
    const outcome = await this.#context.hall.turn((turn) => {
      const record = this.#inForce(name);
      if (record === undefined) return undefined;
      const exchange = exchanged(record, token.secret, nonce, this.#context.terms, turn.now);
      switch (exchange.kind) {
        case 'rotated':
          turn.shelve(SESSIONS, name, exchange.record);
          break;
        case 'reused':
        case 'expired':
          turn.unshelve(SESSIONS, name);
          break;
        case 'repeated':
          break;
      }
      return exchange;
    });
    // Told only now: a turn that throws leaves nothing, and the session has to end.
    if (outcome?.kind === 'reused') throw reused();
    if (outcome === undefined || outcome.kind === 'expired') throw ended();
    return tokensOf(token.id, outcome.secret, outcome.record);
  }

  /** Whose access token that is. @throws GeoError E006 `bad_token`, for whatever reason */
  holderOf(text: string): Holder {
    const token = readToken('access', text);
    const name = token && nameOf(token);
    const record = name && this.#inForce(name);
    const isIts =
      record !== undefined &&
      record.access === hashOf(token!.secret) &&
      this.#context.now() < record.access_expires;
    if (!isIts) throw badToken();
    return { session: name!, participant: record.participant, byLink: record.by_link === true };
  }

  /** Whether the newest access token of the session still opens anything. */
  isOpen(session: Hash): boolean {
    const record = this.#inForce(session);
    return record !== undefined && this.#context.now() < record.access_expires;
  }

  /** The sessions in force, newest first. @param participant whose; without it everybody's */
  list(participant?: Pid): [Hash, SessionRecord][] {
    const now = this.#context.now();
    return [...this.#known]
      .filter(
        ([name, record]) =>
          (participant === undefined || record.participant === participant) &&
          now < record.refresh_expires &&
          this.#inForce(name) !== undefined,
      )
      .map(([name, record]): [Hash, SessionRecord] => [name as Hash, record])
      .sort(([, one], [, other]) => other.begun - one.begun);
  }

  /** Resolves when no token of the session is worth anything any more. */
  async end(session: Hash): Promise<void> {
    await this.#context.hall.turn((turn) => turn.unshelve(SESSIONS, session));
  }

  #inForce(name: string): SessionRecord | undefined {
    const record = this.#known.get(name);
    if (record === undefined || record.books !== this.#context.books()) return undefined;
    return this.#context.isKnown(record.participant) ? record : undefined;
  }

  #makeRoom(turn: Turn, participant: Pid): void {
    const { perParticipant, kept, books } = this.#context;
    const own: [string, SessionRecord][] = [];
    let others = 0;
    for (const [name, record] of this.#known) {
      if (turn.now >= record.refresh_expires || record.books !== books()) {
        turn.unshelve(SESSIONS, name);
      } else if (record.participant === participant) own.push([name, record]);
      else others += 1;
    }
    own.sort(([, one], [, other]) => one.rotated - other.rotated);
    const tooMany = own.slice(0, Math.max(0, own.length - perParticipant + 1));
    for (const [name] of tooMany) turn.unshelve(SESSIONS, name);
    if (others + own.length - tooMany.length >= kept) {
      throw new GeoError('E006', 'Too many are signed in at this node; try again later.', {
        fault: 'too_many_sessions',
      });
    }
  }
}

function tokensOf(id: Uint8Array, secret: Uint8Array, record: SessionRecord): Tokens {
  return {
    session: nameOf({ id }),
    record,
    access: writeToken('access', { id, secret: accessSecret(secret) }),
    refresh: writeToken('refresh', { id, secret }),
  };
}

function badToken(): GeoError {
  return new GeoError(
    'E006',
    'The access token is not valid, or not any more. Exchange the refresh token, or sign in again.',
    { fault: 'bad_token' },
  );
}

function ended(): GeoError {
  return new GeoError('E006', 'The session has ended. Sign in again.', { fault: 'session_ended' });
}

function reused(): GeoError {
  return new GeoError(
    'E006',
    'That refresh token was exchanged before: somebody else may have it. The session has ended for both; sign in again.',
    { fault: 'token_reused' },
  );
}
