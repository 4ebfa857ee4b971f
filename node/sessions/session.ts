/** One session: how it begins, and what an exchange of its refresh token does to it. Pure. */
import { hashOf, type Pid } from '../../protocol/identity/pid.ts';
import type { SessionRecord } from '../store/session-records.ts';
import { accessSecret, nextSecret } from './tokens.ts';

/** How long tokens hold, ms. */
export interface Terms {
  readonly accessMs: number;
  readonly refreshMs: number;
}

export interface Beginning {
  readonly participant: Pid;
  readonly label: string;
  /** When these books were restored, ms since 1970 UTC; 0 for never. */
  readonly books: number;
  /** With a password instead of the key. */
  readonly byLink: boolean;
}

/** @param secret of the first refresh token */
export function begun(
  { participant, label, books, byLink }: Beginning,
  secret: Uint8Array,
  terms: Terms,
  now: number,
): SessionRecord {
  const facts = { participant, label, books, ...(byLink ? { by_link: true } : {}) };
  return { ...facts, begun: now, ...pairOf(secret, terms, now) };
}

export type Exchange =
  /** `secret` is that of the new refresh token; its hash is in the record already. */
  | { readonly kind: 'rotated'; readonly record: SessionRecord; readonly secret: Uint8Array }
  /** The same exchange again: its answer was lost, perhaps by a crash. Nothing changes. */
  | { readonly kind: 'repeated'; readonly record: SessionRecord; readonly secret: Uint8Array }
  /** A token of the past: two hold what one should. Nobody knows which is the thief, so both go. */
  | { readonly kind: 'reused' }
  | { readonly kind: 'expired' };

export function exchanged(
  record: SessionRecord,
  secret: Uint8Array,
  nonce: Uint8Array,
  terms: Terms,
  now: number,
): Exchange {
  if (now >= record.refresh_expires) return { kind: 'expired' };
  const given = { refresh: hashOf(secret), nonce: hashOf(nonce) };
  const next = nextSecret(secret, nonce);
  if (given.refresh === record.refresh) {
    const rotated = { ...record, ...pairOf(next, terms, now), previous: given };
    return { kind: 'rotated', record: rotated, secret: next };
  }
  const { previous } = record;
  if (previous?.refresh === given.refresh && previous.nonce === given.nonce) {
    return { kind: 'repeated', record, secret: next };
  }
  return { kind: 'reused' };
}

function pairOf(secret: Uint8Array, { accessMs, refreshMs }: Terms, now: number) {
  return {
    rotated: now,
    access_expires: now + accessMs,
    refresh_expires: now + refreshMs,
    access: hashOf(accessSecret(secret)),
    refresh: hashOf(secret),
  };
}
