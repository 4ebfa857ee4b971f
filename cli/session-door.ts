/** The public API of a hub, for a home that has signed in there with its key. */
import { createHmac } from 'node:crypto';
import { resolve } from 'node:path';
import { type Client, type ClientOptions, createClient } from '../node/api/client.ts';
import { createHome, type Home } from '../node/home/home.ts';
import { openKeyFile } from '../node/home/keyring.ts';
import { realClock, realEntropy } from '../node/platform/platform.ts';
import type { EndedLink, LinkSignInRequest, NewLink, Tokens } from '../node/service/shapes.ts';
import { GeoError } from '../protocol/errors.ts';
import type { Pid } from '../protocol/identity/pid.ts';
import { signInEnvelope } from '../protocol/member.ts';
import { believe } from './authorities.ts';
import type { Context } from './command.ts';
import { type PassphraseOptions, readPassphrase } from './secrets.ts';
import { type KeptSession, keepSession, sessionAt } from './session-file.ts';

/** What is left of an access token's time that is worth beginning with, ms. */
const LEFT_MS_MIN = 10_000;
const NONCE_KEY_BYTES = 32;
const NONCE_DIGITS = 32;

interface Door {
  readonly url: string;
  /** PEM file with certificates to believe, for a hub that has none of a public authority. */
  readonly authority: string | undefined;
}

interface KeyDoor extends Door {
  readonly secret: PassphraseOptions;
}

/** With the key of the home. @throws GeoError E006 `sign_in_failed` | `sign_in_locked`, E005 `untrusted_certificate`, and as the key file */
export async function signIn(
  context: Context,
  { label, ...door }: KeyDoor & { readonly label: string },
): Promise<KeptSession> {
  const client = await openDoor(door);
  const { envelope } = await proofOf(context, client, door.secret);
  return keepTokens(context.home, door, client, await client.signIn({ envelope, label }));
}

/** With an account link, to read. @throws GeoError as {@link signIn} */
export async function signInByLink(
  { home }: Context,
  { credentials, ...door }: Door & { readonly credentials: LinkSignInRequest },
): Promise<KeptSession> {
  const client = await openDoor(door);
  return keepTokens(home, door, client, await client.signInByLink(credentials));
}

/** Makes an account link. @throws GeoError E008 `name_taken`, E009 `bad_name`, E006 `no_links`, and as {@link signIn} */
export async function makeLink(
  context: Context,
  { name, password, ...door }: KeyDoor & { readonly name: string; readonly password: string },
): Promise<NewLink> {
  const client = await openDoor(door);
  const { envelope } = await proofOf(context, client, door.secret);
  return client.makeLink({ envelope, name, password });
}

export async function endLink(context: Context, door: KeyDoor): Promise<EndedLink> {
  const client = await openDoor(door);
  return client.endLink(await proofOf(context, client, door.secret));
}

async function openDoor({ url, authority }: Door): Promise<Client> {
  await believe(authority === undefined ? null : resolve(authority));
  return createClient({ url, token: '' });
}

/** A challenge of the node, signed with the key of the home. */
async function proofOf(
  { home, terminal }: Context,
  client: Client,
  secret: PassphraseOptions,
): Promise<{ readonly envelope: string }> {
  const { pid: node } = await client.agentCard();
  const passphrase = await readPassphrase(secret, terminal, false);
  const { signer } = await openKeyFile(home.directory, passphrase);
  const { challenge } = await client.challenge({ public_key: signer.publicKey });
  const bytes = new Uint8Array(Buffer.from(challenge, 'base64'));
  const signed = signInEnvelope(signer, node as Pid, bytes);
  return { envelope: Buffer.from(signed).toString('base64') };
}

async function keepTokens(
  home: Home,
  { url, authority }: Door,
  client: Client,
  tokens: Tokens,
): Promise<KeptSession> {
  const { pid: node } = await client.agentCard();
  const nonceKey = Buffer.from(realEntropy.bytes(NONCE_KEY_BYTES)).toString('base64url');
  const file = authority === undefined ? null : resolve(authority);
  const session = { node, nonce_key: nonceKey, authority: file, ...keptOf(tokens) };
  // Whoever signs in by name may have no home yet.
  await createHome(home.directory);
  await keepSession(home, url, session);
  return session;
}

/** Ends the session at the hub, and forgets it here even if the hub knows nothing of it. */
export async function signOut(home: Home, url: string): Promise<void> {
  const { session } = await sessionAt(home, url);
  try {
    await (await sessionClient(home, url)).endSession(session);
  } catch (error) {
    if (!(error instanceof GeoError) || !isOver(error)) throw error;
  }
  await keepSession(home, url, undefined);
}

/** What the caller may ask the hub for. It has no contacts there, and `me` is the caller. */
export async function sessionClient(home: Home, url: string): Promise<Client> {
  const client = createClient(await sessionEndpoint(home, url));
  const { participant: pid } = await sessionAt(home, url);
  return {
    ...client,
    contacts: async () => [],
    identity: async () => ({ ...(await client.identity()), pid }),
  };
}

/** With a token that holds for a while; the next one is fetched when it is time. @throws GeoError E006 `session_ended` | `token_reused` */
export async function sessionEndpoint(home: Home, url: string): Promise<ClientOptions> {
  const kept = await sessionAt(home, url);
  await believe(kept.authority);
  if (Date.parse(kept.access_expires) - realClock.now() > LEFT_MS_MIN) {
    return { url, token: kept.access_token };
  }
  const client = createClient({ url, token: '' });
  const request = { refresh_token: kept.refresh_token, nonce: nonceFor(kept) };
  try {
    const session = { ...kept, ...keptOf(await client.exchangeTokens(request)) };
    await keepSession(home, url, session);
    return { url, token: session.access_token };
  } catch (error) {
    if (error instanceof GeoError && isOver(error)) await keepSession(home, url, undefined);
    throw error;
  }
}

/** The same for the same token: a command that was cut off in an exchange, or two at once, get the same answer. */
function nonceFor({ nonce_key, refresh_token }: KeptSession): string {
  return createHmac('sha256', nonce_key).update(refresh_token).digest('hex').slice(0, NONCE_DIGITS);
}

function keptOf({ refresh_expires: _, ...tokens }: Tokens) {
  return tokens;
}

function isOver({ details }: GeoError): boolean {
  return ['session_ended', 'token_reused', 'bad_token', 'unknown_session'].includes(details.fault);
}
