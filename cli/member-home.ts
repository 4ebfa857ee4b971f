/** The home of a member without a node: its key, and where its hub is. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { type Client, createClient } from '../node/api/client.ts';
import type { Home } from '../node/home/home.ts';
import { openKeyFile } from '../node/home/keyring.ts';
import { isErrno, SECRET_FILE_MODE, writeFileAtomically } from '../node/platform/files.ts';
import { realClock, realEntropy } from '../node/platform/platform.ts';
import type { Account, AgentCard, Submission, TrustLine } from '../node/service/shapes.ts';
import { GeoError } from '../protocol/errors.ts';
import {
  type Pid,
  parsePid,
  pidFromPublicKey,
  publicKeyFromBytes,
} from '../protocol/identity/pid.ts';
import { sealNote } from '../protocol/identity/sealed-note.ts';
import { type MemberKey, pidOf, queryEnvelope } from '../protocol/member.ts';
import { type EquivalentCode, parseEquivalentCode } from '../protocol/money/equivalent.ts';
import { believe } from './authorities.ts';
import type { Context } from './command.ts';
import { type PassphraseOptions, readPassphrase } from './secrets.ts';

/** `member.json`: the hub that this member has chosen. */
const Chosen = z.object({
  url: z.url(),
  hub: z.string(),
  /** File with the certificates that are believed besides those of the system. */
  authority: z.string().nullable().default(null),
});

const NONCE_BYTES = 16;
const SEED_BYTES = 32;

export interface MemberHome {
  readonly key: MemberKey;
  /** Opens notes. */
  readonly seed: Uint8Array;
  readonly pid: Pid;
  readonly hub: AgentCard;
  readonly client: Client;
}

/** Opens the key of the home, and the door of the hub that it has chosen. */
export async function openMember(
  { home, terminal }: Context,
  options: PassphraseOptions,
): Promise<MemberHome> {
  const { url, hub: expected, authority } = await readChosen(home);
  await believe(authority);
  const client = createClient({ url, token: '' });
  const hub = await client.agentCard();
  if (hub.pid !== expected) {
    throw new GeoError(
      'E005',
      `At ${url} ${hub.pid} answers, not ${expected}, which this member has chosen. Nothing was sent to it.`,
      { fault: 'wrong_peer', answering: hub.pid },
    );
  }
  const passphrase = await readPassphrase(options, terminal, false);
  const { signer, seed } = await openKeyFile(home.directory, passphrase);
  return { key: signer, seed, pid: pidOf(signer), hub, client };
}

/** Remembers the hub for the commands that follow. */
export async function chooseHub(home: Home, chosen: z.infer<typeof Chosen>): Promise<void> {
  const content = `${JSON.stringify(chosen, undefined, 2)}\n`;
  await writeFileAtomically(chosenFile(home), content, { mode: SECRET_FILE_MODE });
}

export function now(): number {
  return realClock.now();
}

export function freshNonce(): Uint8Array {
  return realEntropy.bytes(NONCE_BYTES);
}

/** @param note sealed, beside an order that names its hash */
export function submit(
  { client }: Pick<MemberHome, 'client'>,
  frame: Uint8Array,
  note?: Uint8Array,
): Promise<Submission> {
  const request = { frame: toBase64(frame) };
  return client.submitEnvelope(note === undefined ? request : { ...request, note: toBase64(note) });
}

/**
 * A note that only the payee can read. The hub tells the payee's key, and cannot tell another: the PID is its hash.
 * @param nonce of the order that it goes with
 * @throws GeoError E005 `wrong_key`, E009 `unknown_peer` | `note_too_long`
 */
export async function noteFor(
  { client }: MemberHome,
  payee: Pid,
  text: string,
  nonce: Uint8Array,
): Promise<Uint8Array> {
  const told = await client.participantKey({ pid: payee });
  const key = publicKeyFromBytes(Buffer.from(told.public_key, 'hex'));
  if (pidFromPublicKey(key) !== payee) {
    throw new GeoError('E005', 'The hub tells a key that is not the payee’s; nothing was sent.', {
      fault: 'wrong_key',
    });
  }
  return sealNote(text, key, realEntropy.bytes(SEED_BYTES), nonce);
}

/** A fresh request in the member's name. */
export function queryOf({ key, hub }: MemberHome): string {
  return toBase64(queryEnvelope(key, hub.pid as Pid, now()));
}

export function accountOf(member: MemberHome): Promise<Account> {
  return member.client.memberAccount({ query: queryOf(member) });
}

/** Decimal places of what the hub's community counts in. @throws GeoError E009 `unknown_equivalent` */
export function equivalentAt(
  { hub }: MemberHome,
  text: string,
): { code: EquivalentCode; precision: number } {
  const code = parseEquivalentCode(text);
  const known = hub.equivalents.find((each) => each.code === code);
  if (known !== undefined) return { code, precision: known.precision };
  throw new GeoError('E009', `The hub does not count in ${code}.`, {
    fault: 'unknown_equivalent',
    equivalent: code,
  });
}

/** A PID, or the beginning of one with whom the member has a line. @throws GeoError E009 `unknown_peer` */
export function peerAmong(lines: readonly TrustLine[], text: string): Pid {
  const found = new Set(lines.map(({ peer }) => peer).filter((peer) => peer.startsWith(text)));
  if (found.size === 1) return [...found][0] as Pid;
  if (text.length >= 43) return parsePid(text);
  throw new GeoError(
    'E009',
    found.size > 1
      ? `"${text}" is the beginning of ${found.size} PIDs; write more of it.`
      : `"${text}" is nobody with whom you have a line. Give a whole PID.`,
    { fault: found.size > 1 ? 'ambiguous_peer' : 'unknown_peer' },
  );
}

export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

async function readChosen(home: Home): Promise<z.infer<typeof Chosen>> {
  const text = await readFile(chosenFile(home), 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  const chosen = text === undefined ? undefined : Chosen.safeParse(JSON.parse(text)).data;
  if (chosen !== undefined) return chosen;
  throw new GeoError(
    'E008',
    `${home.directory} belongs to no member of a hub. Make it one: geo member create URL.`,
    { fault: 'not_a_member' },
  );
}

function chosenFile(home: Home): string {
  return join(home.directory, 'member.json');
}
