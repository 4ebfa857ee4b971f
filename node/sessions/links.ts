/**
 * Account links: a participant lets this node know it by an e-mail address or a phone number, and signs in with a
 * password and a one-time code to read. Made by the key, worth nothing for what changes books.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError, invalid } from '../../protocol/errors.ts';
import { hashOf, type Pid } from '../../protocol/identity/pid.ts';
import type { Hall } from '../engine/hall.ts';
import type { Shelf } from '../engine/shelf.ts';
import type { Entropy } from '../ports.ts';
import { LinkRecord, RECOVERY_CODES } from '../store/session-records.ts';
import { CODE_SECRET_BYTES, otpauthUri, stepOf } from './one-time-code.ts';
import { Passwords, SALT_BYTES } from './passwords.ts';

/** By participant. */
const LINKS: Shelf<LinkRecord> = { prefix: 'link', schema: LinkRecord };
const RECOVERY_BYTES = 8;

/** Told once, when the link is made. */
export interface NewLink {
  readonly name: string;
  readonly otpauth: string;
  readonly recovery: string[];
}

export interface Credentials {
  readonly name: string;
  readonly password: string;
  /** Of the app, or one of the recovery codes. */
  readonly code: string;
}

interface Context {
  readonly hall: Hall;
  readonly entropy: Entropy;
  readonly now: () => number;
  /** When these books were restored, ms since 1970 UTC; 0 for never. */
  readonly books: () => number;
  /** What the app shows beside the code. */
  readonly issuer: string;
  /** Whether a participant may be signed in here with a password. */
  readonly isWelcome: (participant: Pid) => boolean;
}

export class Links {
  readonly #context: Context;
  readonly #known: ReadonlyMap<string, LinkRecord>;
  readonly #passwords = new Passwords();
  /** For names that nobody has: looked at with the same work. */
  #nobody: LinkRecord | undefined;

  constructor(context: Context) {
    this.#context = context;
    this.#known = context.hall.state.shelf(LINKS);
  }

  /** Those in force. */
  all(): [Pid, LinkRecord][] {
    const { books, isWelcome } = this.#context;
    return ([...this.#known] as [Pid, LinkRecord][]).filter(
      ([participant, record]) => record.books === books() && isWelcome(participant),
    );
  }

  /** Makes the link of a participant who has shown its key, or replaces it. @throws GeoError E008 `name_taken`, E006 `key_only` */
  async make(participant: Pid, given: Omit<Credentials, 'code'>): Promise<NewLink> {
    const { hall, entropy, books, issuer, isWelcome } = this.#context;
    if (!isWelcome(participant)) {
      throw new GeoError('E006', 'Whoever has a role at the hub signs in with the key alone.', {
        fault: 'key_only',
      });
    }
    const name = nameIn(given.name);
    this.#requireFree(participant, name);
    const salt = entropy.bytes(SALT_BYTES);
    const verifier = await this.#passwords.verifierOf(given.password, salt);
    const secret = entropy.bytes(CODE_SECRET_BYTES);
    const recovery = Array.from({ length: RECOVERY_CODES }, () =>
      bytesToHex(entropy.bytes(RECOVERY_BYTES)),
    );
    await hall.turn((turn) => {
      this.#requireFree(participant, name);
      turn.shelve(LINKS, participant, {
        name,
        salt,
        verifier,
        secret,
        step: 0,
        recovery: recovery.map(hashOfText),
        made: turn.now,
        books: books(),
      });
    });
    return { name, otpauth: otpauthUri(secret, issuer, name), recovery };
  }

  async end(participant: Pid): Promise<void> {
    await this.#context.hall.turn((turn) => turn.unshelve(LINKS, participant));
  }

  /** Whose credentials these are; the code is worth nothing from then on. @returns undefined, for whatever reason */
  async holderOf({ name, password, code }: Credentials): Promise<Pid | undefined> {
    const { hall, now } = this.#context;
    const wanted = name.trim().toLowerCase();
    const found = this.all().find(([, record]) => record.name === wanted);
    const record = found?.[1] ?? this.#stranger();
    const verifier = await this.#passwords.verifierOf(password, record.salt);
    const isTheirs = hashOf(verifier) === hashOf(record.verifier) && found !== undefined;
    const isCode = taken(record, code, now()) !== undefined;
    if (!isTheirs || !isCode) return undefined;
    return hall.turn((turn) => {
      const [participant] = found;
      // Somebody may have been quicker with the same code.
      const current = this.#known.get(participant);
      const next = current === record ? taken(current, code, turn.now) : undefined;
      if (next === undefined) return undefined;
      turn.shelve(LINKS, participant, next);
      return participant;
    });
  }

  #requireFree(participant: Pid, name: string): void {
    const holder = this.all().find(([, record]) => record.name === name)?.[0];
    if (holder === undefined || holder === participant) return;
    throw new GeoError(
      'E008',
      'Another member has signed in here under that name. Use another one, or ask an operator.',
      { fault: 'name_taken' },
    );
  }

  #stranger(): LinkRecord {
    const { entropy } = this.#context;
    this.#nobody ??= {
      name: '',
      salt: entropy.bytes(SALT_BYTES),
      verifier: entropy.bytes(32),
      secret: entropy.bytes(CODE_SECRET_BYTES),
      step: 0,
      recovery: [],
      made: 0,
      books: 0,
    };
    return this.#nobody;
  }
}

/** The record after a code was taken. */
function taken(record: LinkRecord, code: string, now: number): LinkRecord | undefined {
  const step = stepOf(record.secret, code, now, record.step);
  if (step !== undefined) return { ...record, step };
  const hash = hashOfText(code);
  if (!record.recovery.includes(hash)) return undefined;
  return { ...record, recovery: record.recovery.filter((each) => each !== hash) };
}

function hashOfText(text: string) {
  return hashOf(new TextEncoder().encode(text));
}

/** @throws GeoError E009 `bad_name` */
function nameIn(text: string): string {
  const name = text.trim().toLowerCase();
  if (/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(name) || /^\+\d{7,15}$/.test(name)) return name;
  throw invalid(
    'bad_name',
    'Give an e-mail address, or a phone number with its country: +380441234567.',
  );
}
