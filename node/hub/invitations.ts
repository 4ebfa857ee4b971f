/** Invitation codes of a hub: made, used, revoked. The code itself is told once and kept nowhere. */
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Hash, Pid } from '../../protocol/identity/pid.ts';
import {
  INVITATION_BYTES,
  invitationCode,
  invitationId,
  invitationKey,
  isInvitationUse,
  isUseOf,
  readInvitationUse,
} from '../../protocol/invitation.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { Entropy, VerifySignature } from '../ports.ts';
import type { InvitationRecord } from '../store/hub-records.ts';
import { INVITATIONS } from './shelves.ts';

/** Invitations that one hub may have open; a lost list of codes must not grow for ever. */
const OPEN_MAX = 10_000;

export interface InvitationTerms {
  readonly uses: number;
  readonly lifeMs: number;
  readonly note: string;
}

export class Invitations {
  readonly #known: ReadonlyMap<string, InvitationRecord>;
  readonly #entropy: Entropy;
  readonly #verify: VerifySignature;

  constructor(state: State, entropy: Entropy, verify: VerifySignature) {
    this.#known = state.shelf(INVITATIONS);
    this.#entropy = entropy;
    this.#verify = verify;
  }

  all(): ReadonlyMap<string, InvitationRecord> {
    return this.#known;
  }

  /** @returns the code, which nobody can ask for again */
  make(turn: Turn, by: Pid, terms: InvitationTerms): { code: string; id: Hash } {
    const open = [...this.#known.values()].filter((each) => isOpen(each, turn.now));
    if (open.length >= OPEN_MAX) {
      throw new GeoError('E006', 'There are too many open invitations; revoke some first.', {
        fault: 'too_many_invitations',
      });
    }
    const code = invitationCode(this.#entropy.bytes(INVITATION_BYTES));
    const key = invitationKey(code);
    const id = invitationId(key);
    const { uses, lifeMs, note } = terms;
    const made = turn.now;
    const expires = made + lifeMs;
    turn.shelve(INVITATIONS, id, { key, uses, used: 0, made, expires, revoked: false, by, note });
    return { code, id };
  }

  /** @throws GeoError E009 `unknown_invitation`, E008 `invitation_closed` */
  revoke(turn: Turn, given: string): Hash {
    const [id, invitation] = this.#find(given);
    if (!isOpen(invitation, turn.now)) {
      throw new GeoError(
        'E008',
        'The invitation is not good any more; there is nothing to revoke.',
        {
          fault: 'invitation_closed',
        },
      );
    }
    turn.shelve(INVITATIONS, id, { ...invitation, revoked: true });
    return id;
  }

  /**
   * Whether what a participant has shown lets it in: cheap questions first, the signature last.
   * @throws GeoError E006 `unknown_code` | `code_revoked` | `code_expired` | `code_used_up` |
   *   `bad_invitation`, E009 for what cannot be read
   */
  check(bytes: Uint8Array, participant: Pid, hub: Pid, now: number): Hash {
    const { id, use, sign1 } = readInvitationUse(bytes);
    const invitation = this.#known.get(id);
    if (invitation === undefined) {
      throw turnedAway('unknown_code', 'The hub has given out no such invitation code.');
    }
    if (invitation.revoked) throw turnedAway('code_revoked', 'The invitation was revoked.');
    if (now >= invitation.expires) throw turnedAway('code_expired', 'The invitation has expired.');
    if (invitation.used >= invitation.uses) {
      throw turnedAway('code_used_up', 'The invitation has been used as often as it may be.');
    }
    if (!isUseOf(use, participant, hub) || !isInvitationUse(sign1, invitation.key, this.#verify)) {
      throw turnedAway('bad_invitation', 'The invitation was not signed for this participant.');
    }
    return id;
  }

  /** Counts one more participant that came in by it. */
  count(turn: Turn, id: Hash): void {
    const invitation = this.#known.get(id)!;
    turn.shelve(INVITATIONS, id, { ...invitation, used: invitation.used + 1 });
  }

  /** By its whole name or a unique beginning of at least six digits. */
  #find(given: string): [Hash, InvitationRecord] {
    const found = [...this.#known].filter(([id]) => given.length >= 6 && id.startsWith(given));
    if (found.length !== 1) {
      throw invalid(
        'unknown_invitation',
        `No single invitation is called "${given}"; geo hub invite list has their names.`,
      );
    }
    return found[0] as [Hash, InvitationRecord];
  }
}

export function isOpen({ revoked, expires, used, uses }: InvitationRecord, now: number): boolean {
  return !revoked && now < expires && used < uses;
}

function turnedAway(fault: string, sentence: string): GeoError {
  return new GeoError('E006', `${sentence} Ask the operators of the community for a new one.`, {
    fault,
  });
}
