/** Somebody signs in at a node of a village, as a client of the public API does. */

import type { Reception } from '../../../node/service/contract.ts';
import type { SignInRequest, Tokens } from '../../../node/service/shapes.ts';
import { signInEnvelope } from '../../../protocol/member.ts';
import type { Village } from '../engine/harness.ts';
import { person } from '../machines/sample-payment.ts';

export const FROM = { address: '203.0.113.7' };

/** What `name` sends to sign in at a node, once. */
export function signInRequest(village: Village, node: string, name: string): SignInRequest {
  const { challenge } = village.node(node).reception.serviceFor(FROM);
  const { signer } = person(name);
  const { publicKey } = signer;
  const bytes = Buffer.from(challenge!({ public_key: publicKey }).challenge, 'base64');
  const key = { publicKey, sign: (message: Uint8Array) => signer.sign(message) };
  const signed = signInEnvelope(key, person(node).pid, new Uint8Array(bytes));
  return { envelope: Buffer.from(signed).toString('base64'), label: 'phone' };
}

/** Resolves when time passes in the village. */
export function signInAt(village: Village, node: string, name: string): Promise<Tokens> {
  const { signIn } = village.node(node).reception.serviceFor(FROM);
  return signIn!(signInRequest(village, node, name));
}

/** The reception of the node that lives now. */
export function receptionAt(village: Village, node: string): Reception {
  const now = () => village.node(node).reception;
  return {
    holderOf: (token) => now().holderOf(token),
    isInForce: (signedIn) => now().isInForce(signedIn),
    liveFor: (signedIn) => now().liveFor(signedIn),
    serviceFor: (visitor) => now().serviceFor(visitor),
  };
}
