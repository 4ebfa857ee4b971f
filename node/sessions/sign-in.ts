/**
 * The door where participants show that a key is theirs. Whatever is wrong, the answer is one and the
 * work the same, so nobody learns who is known here.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { isSignedBy, readSigned } from '../../protocol/wire/envelope.ts';
import type { Ports } from '../ports.ts';
import { Challenges } from './challenges.ts';
import type { Credentials, Links } from './links.ts';
import { Lockout } from './lockout.ts';
import type { Sessions, Tokens } from './sessions.ts';

/** Addresses and names that are remembered for their failures. */
const NAMES_MAX = 10_000;
const LONGEST_MS = 15 * 60_000;
/** Many people may share an address; one of them seldom fails twice. */
const PER_ADDRESS = { free: 20, firstMs: 1_000, longestMs: LONGEST_MS };
const PER_NAME = { free: 5, firstMs: 1_000, longestMs: LONGEST_MS };

interface Context {
  readonly ports: Ports;
  readonly me: Pid;
  readonly sessions: Sessions;
  readonly links: Links;
  readonly isKnown: (participant: Pid) => boolean;
  /** Called before a signature is checked. @throws GeoError E006 `too_many_requests` */
  readonly requireRoom: () => void;
}

export interface Attempt {
  /** A signed SIGN_IN. */
  readonly envelope: Uint8Array;
  readonly label: string;
  /** From where, as the HTTP door saw it. */
  readonly address: string;
}

export interface LinkAttempt extends Credentials {
  readonly label: string;
  readonly address: string;
}

export class SignIn {
  readonly #context: Context;
  readonly #challenges: Challenges;
  readonly #addresses = new Lockout(PER_ADDRESS, NAMES_MAX);
  readonly #names = new Lockout(PER_NAME, NAMES_MAX);

  constructor(context: Context) {
    this.#context = context;
    this.#challenges = new Challenges(context.ports.entropy);
  }

  challenge(key: PublicKey): { readonly challenge: Uint8Array; readonly expires: number } {
    return this.#challenges.make(key, this.#context.ports.clock.now());
  }

  /** @throws GeoError E006 `sign_in_failed` | `sign_in_locked` | `too_many_sessions`, E009 not a SIGN_IN at all */
  async enter({ label, ...attempt }: Attempt): Promise<Tokens> {
    return this.#context.sessions.begin(this.prove(attempt), label);
  }

  /** Whose key has signed the challenge, which is used up. @throws GeoError as {@link enter} */
  prove({ envelope, address }: Omit<Attempt, 'label'>): Pid {
    const { ports, me, isKnown } = this.#context;
    const signed = readSigned('SIGN_IN', envelope);
    const { participant_key: key, node, challenge } = signed.body;
    const participant = pidFromPublicKey(key);
    const now = ports.clock.now();
    const network = networkOf(address);
    // Beside the address: a stranger elsewhere cannot lock anybody out.
    const name = `${participant}@${network}`;
    this.#requireFree(network, name, now);
    this.#context.requireRoom();
    // Everything is looked at, whatever was wrong before.
    const isTheirs = isSignedBy(signed, key, ports.verify);
    const isFresh = this.#challenges.holds(challenge, key, now);
    const isWelcome = isKnown(participant) && node === me;
    if (!(isTheirs && isFresh && isWelcome)) {
      this.#addresses.failed(network, now);
      this.#names.failed(name, now);
      throw failed();
    }
    this.#challenges.use(challenge);
    this.#names.succeeded(name);
    return participant;
  }

  /** With a password and a code. @throws GeoError as {@link enter} */
  async enterByLink({ label, address, ...credentials }: LinkAttempt): Promise<Tokens> {
    const { ports, sessions, links } = this.#context;
    const network = networkOf(address);
    // A password can be guessed from many addresses at once, so the name waits wherever it is tried.
    const name = `link ${credentials.name.trim().toLowerCase()}`;
    this.#requireFree(network, name, ports.clock.now());
    // Counted before the work: many tries at once are many tries.
    this.#names.failed(name, ports.clock.now());
    const participant = await links.holderOf(credentials);
    if (participant === undefined) {
      this.#addresses.failed(network, ports.clock.now());
      throw failed();
    }
    this.#names.succeeded(name);
    return sessions.begin(participant, label, true);
  }

  #requireFree(network: string, name: string, now: number): void {
    const wait = Math.max(this.#addresses.waitOf(network, now), this.#names.waitOf(name, now));
    if (wait === 0) return;
    const seconds = Math.ceil(wait / 1_000);
    throw new GeoError(
      'E006',
      `Signing in has failed too often; try again in ${seconds} s. Signed requests are carried out as before.`,
      { fault: 'sign_in_locked', retry_after_s: seconds },
    );
  }
}

function failed(): GeoError {
  return new GeoError(
    'E006',
    'That did not sign anybody in: ask for a new challenge, and sign it for this node with the key of a participant that belongs to it; or check name, password and code.',
    { fault: 'sign_in_failed' },
  );
}

/** An address, of IPv6 its first half: whoever has one of these has them all. */
function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!address.includes(':')) return address;
  const [head = ''] = address.split('::');
  return `${head.split(':').slice(0, 4).join(':')}::/64`;
}
