/** Members of a measured hub sign in by HTTP, as clients do: each proves its key, and gets an access token. */
import { API_PREFIX } from '../../node/api/routes.ts';
import { Challenge, Tokens } from '../../node/service/shapes.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { signInEnvelope } from '../../protocol/member.ts';
import { atOnce } from '../testnet/at-once.ts';
import type { HubMembers } from './hub-members.ts';

const AT_ONCE = 16;

/** @returns access tokens, one of each member */
export async function signInAll(url: string, { signers }: HubMembers): Promise<string[]> {
  const tokens: string[] = [];
  await atOnce(AT_ONCE, signers, async (key) => {
    const asked = await post(url, '/auth/challenge', { public_key: key.publicKey });
    const { challenge, node } = Challenge.parse(asked);
    const bytes = new Uint8Array(Buffer.from(challenge, 'base64'));
    const envelope = Buffer.from(signInEnvelope(key, parsePid(node), bytes)).toString('base64');
    const answer = await post(url, '/auth/sign-in', { envelope, label: 'bench' });
    tokens.push(Tokens.parse(answer).access_token);
  });
  return tokens;
}

async function post(url: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(new URL(API_PREFIX + path, url), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json();
}
