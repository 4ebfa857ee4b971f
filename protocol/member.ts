/**
 * What a participant without a node signs: frames for its agent's door (docs/PROTOCOL.md, "Agents").
 * Runs wherever the key is, a browser included; the time and the chance come from outside.
 */
import { hashOf, type Pid, type PublicKey, pidFromPublicKey, type TxId } from './identity/pid.ts';
import { HOPS_DEFAULT, PATHS_DEFAULT } from './limits.ts';
import { DEFAULT_POLICY } from './machines/trust-line.ts';
import type { EquivalentCode } from './money/equivalent.ts';
import { encodeBody, seal, signedFrame } from './wire/envelope.ts';
import type { MessageBody, MessageName } from './wire/message-types.ts';
import type { GrantScope } from './wire/messages/agent.ts';
import type { Profile } from './wire/messages/membership.ts';
import type { LinePolicy } from './wire/messages/trust-line.ts';

/** The key of a member, wherever it is kept. */
export interface MemberKey {
  readonly publicKey: PublicKey;
  sign(message: Uint8Array): Uint8Array;
}

export interface GrantWish {
  readonly agent: PublicKey;
  /** One above the newest that the member has signed. */
  readonly sequence: number;
  readonly now: number;
  readonly expires: number;
  readonly scope?: GrantScope;
}

export interface LineWish {
  readonly to: Pid;
  readonly equivalent: EquivalentCode;
  readonly precision: number;
  readonly limit: bigint;
  /** One above the line's newest; 1 for a new line. */
  readonly sequence: number;
  readonly now: number;
  readonly status?: 'active' | 'frozen' | 'closed';
  readonly policy?: LinePolicy;
}

export interface OrderWish {
  readonly payee: Pid;
  readonly equivalent: EquivalentCode;
  readonly precision: number;
  readonly amount: bigint;
  /** Whom the member trusts to find the routes: its agent. */
  readonly coordinator: Pid;
  readonly nonce: Uint8Array;
  readonly now: number;
  readonly expires: number;
  readonly maxHops?: number;
  readonly maxPaths?: number;
  /** The sealed note that goes along. */
  readonly note?: Uint8Array;
}

/** The frame of a JOIN_REQUEST; `invitation`: a signed use of one. */
export function joinFrame(
  key: MemberKey,
  wish: { hub: Pid; profile: Profile; nonce: Uint8Array; now: number; invitation?: Uint8Array },
): Uint8Array {
  const { hub, profile, nonce, now, invitation } = wish;
  return frameBy(key, 'JOIN_REQUEST', {
    participant_key: key.publicKey,
    hub,
    profile,
    nonce,
    created: now,
    ...(invitation === undefined ? {} : { invitation }),
  });
}

/** The frame of an AGENT_GRANT; without a scope it covers everything. */
export function grantFrame(key: MemberKey, wish: GrantWish): Uint8Array {
  return frameBy(key, 'AGENT_GRANT', {
    member_key: key.publicKey,
    agent_key: wish.agent,
    sequence: wish.sequence,
    created: wish.now,
    expires: wish.expires,
    scope: wish.scope ?? { pay: true, carry: true, clear: true },
  });
}

/** The frame of an AGENT_REVOKE. `sequence`: one above the newest that the member has signed. */
export function revokeFrame(key: MemberKey, sequence: number, now: number): Uint8Array {
  return frameBy(key, 'AGENT_REVOKE', { member_key: key.publicKey, sequence, created: now });
}

/** The frame of a line's next version, whole. */
export function lineFrame(key: MemberKey, wish: LineWish): Uint8Array {
  const { to, equivalent, precision, limit, sequence, now, status = 'active' } = wish;
  const type =
    status === 'closed'
      ? 'TRUST_LINE_CLOSE'
      : sequence === 1
        ? 'TRUST_LINE_CREATE'
        : 'TRUST_LINE_UPDATE';
  return frameBy(key, type, {
    from_key: key.publicKey,
    to,
    equivalent,
    precision,
    limit,
    status,
    policy: wish.policy ?? DEFAULT_POLICY,
    sequence,
    changed: now,
  });
}

/** The frame of an order, and the transaction that it names. */
export function orderFrame(key: MemberKey, wish: OrderWish): { frame: Uint8Array; tx: TxId } {
  const body: MessageBody<'PAYMENT_REQUEST'> = {
    payer_key: key.publicKey,
    payee: wish.payee,
    equivalent: wish.equivalent,
    precision: wish.precision,
    amount: wish.amount,
    max_hops: wish.maxHops ?? HOPS_DEFAULT,
    max_paths: wish.maxPaths ?? PATHS_DEFAULT,
    avoid: [],
    coordinator: wish.coordinator,
    nonce: wish.nonce,
    created: wish.now,
    expires: wish.expires,
    ...(wish.note === undefined ? {} : { note_hash: hashOf(wish.note) }),
  };
  const tx = hashOf(encodeBody('PAYMENT_REQUEST', body));
  return { frame: frameBy(key, 'PAYMENT_REQUEST', body), tx };
}

/** The frame of a CLEARING_ACCEPT: agrees to a clearing of up to `amount`, until `expires`. */
export function consentFrame(
  key: MemberKey,
  { tx, amount, expires }: { tx: TxId; amount: bigint; expires: number },
): Uint8Array {
  return frameBy(key, 'CLEARING_ACCEPT', {
    tx,
    participant_key: key.publicKey,
    amount,
    expires,
  });
}

/** The frame of a CLEARING_REJECT. */
export function objectionFrame(key: MemberKey, tx: TxId): Uint8Array {
  return frameBy(key, 'CLEARING_REJECT', {
    tx,
    participant_key: key.publicKey,
    fault: 'consent_refused',
    text: 'A participant of the cycle does not want it cleared.',
  });
}

/** The envelope of a MEMBER_QUERY, by which an agent shows the member its books. */
export function queryEnvelope(key: MemberKey, agent: Pid, now: number): Uint8Array {
  const body = { member_key: key.publicKey, agent, created: now };
  return seal('MEMBER_QUERY', body, key.publicKey, (message) => key.sign(message));
}

/** The envelope of a SIGN_IN: answers a challenge that `node` has given to the key. */
export function signInEnvelope(key: MemberKey, node: Pid, challenge: Uint8Array): Uint8Array {
  const body = { participant_key: key.publicKey, node, challenge };
  return seal('SIGN_IN', body, key.publicKey, (message) => key.sign(message));
}

/** The name of the member. */
export function pidOf(key: MemberKey): Pid {
  return pidFromPublicKey(key.publicKey);
}

function frameBy<N extends MessageName>(key: MemberKey, type: N, body: MessageBody<N>): Uint8Array {
  return signedFrame(
    type,
    seal(type, body, key.publicKey, (message) => key.sign(message)),
  );
}
