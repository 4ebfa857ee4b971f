/** The members of the hub that is measured: their keys, and what they sign. */
import { createHash } from 'node:crypto';
import { nativeSigner } from '../../node/platform/native-ed25519.ts';
import type { Signer } from '../../node/ports.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { grantFrame, joinFrame, lineFrame, orderFrame } from '../../protocol/member.ts';
import { type Equivalent, parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Community, CommunityLine } from '../community/community.ts';
import { makePayments } from '../community/workload.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import { EQUIVALENT } from './node-worker.ts';

const DAY_MS = 24 * 3600 * 1000;
/** How long an order may wait between its signing and its end, ms. */
const ORDER_MS = 3600 * 1000;
/** More than any run can pay, one unit at a time. */
const LIMIT = 1_000_000_000n;
const SEED = 1;
const NONCE_BYTES = 16;

export interface HubIdentity {
  readonly pid: Pid;
  readonly publicKey: PublicKey;
}

/** A community in which everyone may carry for everyone. */
export function randomCommunity(members: number, lines: number): Community {
  const random = seededRandom(SEED);
  const code = parseEquivalentCode(EQUIVALENT);
  const ids = Array.from({ length: members }, (_, i) => `member ${i}`);
  const drawn = new Set<string>();
  const trustLines: CommunityLine[] = [];
  while (trustLines.length < lines) {
    const from = random.pick(ids);
    const to = random.pick(ids);
    if (from === to || drawn.has(`${from}>${to}`)) continue;
    drawn.add(`${from}>${to}`);
    const policy = {
      auto_clearing: true,
      can_be_intermediate: true,
      daily_limit: null,
      blocked_participants: [],
    };
    trustLines.push({ from, to, equivalent: code, limit: LIMIT, policy });
  }
  return {
    name: 'random',
    hub: null,
    equivalents: [{ code, precision: 2, metadata: {} }],
    participants: ids.map((id) => ({
      id,
      name: id,
      type: 'person',
      participation: 'active',
      group: null,
      whenAsked: 'agrees',
    })),
    trustLines,
    payments: [],
    absent: [],
    ignored: [],
  };
}

export class HubMembers {
  readonly community: Community;
  readonly #hub: HubIdentity;
  readonly #random: SeededRandom = seededRandom(SEED);
  readonly #keys: ReadonlyMap<string, Signer>;
  readonly #precision: ReadonlyMap<string, number>;

  readonly #allowsShortening: boolean;

  /** @param allowsShortening whether all their lines do */
  constructor(community: Community, hub: HubIdentity, allowsShortening = false) {
    this.community = community;
    this.#allowsShortening = allowsShortening;
    this.#hub = hub;
    this.#keys = new Map(community.participants.map(({ id }) => [id, signerOf(id)]));
    this.#precision = new Map(community.equivalents.map(precisionOf));
  }

  get signers(): Signer[] {
    return [...this.#keys.values()];
  }

  joins(): string[] {
    return this.#each((key, id) =>
      joinFrame(key, {
        hub: this.#hub.pid,
        profile: { kind: 'person', name: id.slice(0, 40), about: '' },
        nonce: this.#random.bytes(NONCE_BYTES),
        now: Date.now(),
      }),
    );
  }

  grants(): string[] {
    return this.#each((key) =>
      grantFrame(key, {
        agent: this.#hub.publicKey,
        sequence: 1,
        now: Date.now(),
        expires: Date.now() + DAY_MS,
      }),
    );
  }

  lines(): string[] {
    return this.community.trustLines.map(({ from, to, equivalent, limit, policy }) => {
      const { daily_limit: daily, blocked_participants: blocked, ...kept } = policy;
      const blockedPids = blocked.flatMap((id) => (this.#keys.has(id) ? [this.#pidOf(id)] : []));
      return text(
        lineFrame(this.#keyOf(from), {
          to: this.#pidOf(to),
          equivalent,
          precision: this.#precision.get(equivalent)!,
          limit,
          sequence: 1,
          now: Date.now(),
          policy: {
            ...kept,
            blocked_participants: blockedPids,
            ...(daily === null ? {} : { daily_limit: daily }),
            ...(this.#allowsShortening ? { allow_shortening: true } : {}),
          },
        }),
      );
    });
  }

  /**
   * Of one smallest unit each, so that lines do not fill up while they are measured.
   * @param most or of as many as that, at random
   */
  orders(count: number, most = 1): string[] {
    return makePayments(this.community, count, this.#random).map(({ from, to, equivalent }) => {
      const now = Date.now();
      const { frame } = orderFrame(this.#keyOf(from), {
        payee: this.#pidOf(to),
        equivalent,
        precision: this.#precision.get(equivalent)!,
        amount: BigInt(most === 1 ? 1 : 1 + this.#random.below(most)),
        coordinator: this.#hub.pid,
        nonce: this.#random.bytes(NONCE_BYTES),
        now,
        expires: now + ORDER_MS,
      });
      return text(frame);
    });
  }

  #each(frameOf: (key: Signer, id: string) => Uint8Array): string[] {
    return [...this.#keys].map(([id, key]) => text(frameOf(key, id)));
  }

  #keyOf(id: string): Signer {
    return this.#keys.get(id)!;
  }

  #pidOf(id: string): Pid {
    return pidFromPublicKey(this.#keyOf(id).publicKey);
  }
}

function signerOf(id: string): Signer {
  return nativeSigner(new Uint8Array(createHash('sha256').update(`bench ${id}`).digest()));
}

function precisionOf({ code, precision }: Equivalent): [string, number] {
  return [code, precision];
}

function text(frame: Uint8Array): string {
  return Buffer.from(frame).toString('base64');
}
