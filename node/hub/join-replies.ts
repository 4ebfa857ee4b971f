/** JOIN_REPLY: what a participant is to the community now, signed by its hub. */
import { type GeoError, invalid } from '../../protocol/errors.ts';
import type { Hash, Pid } from '../../protocol/identity/pid.ts';
import { FRAME_BYTES_MAX, OFFERED_MAX } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { seal } from '../../protocol/wire/envelope.ts';
import { EquivalentDefinition, type JoinReply } from '../../protocol/wire/messages/membership.ts';
import { encodeWith, list } from '../../protocol/wire/schema.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { Signer } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { MemberRecord, OfferRecord } from '../store/hub-records.ts';
import { OFFERS } from './shelves.ts';

export interface Answered {
  /** SHA-256 of the payload that is answered. */
  readonly answers: Hash;
}

/** What a reply may need beside the definitions, bytes. */
const OTHER_BYTES_MAX = 4_096;

export class JoinReplies {
  readonly #signer: Signer;
  readonly #settings: NodeSettings['hub'];
  readonly #offers: ReadonlyMap<string, OfferRecord>;

  constructor(state: State, signer: Signer, settings: NodeSettings['hub']) {
    this.#signer = signer;
    this.#settings = settings;
    this.#offers = state.shelf(OFFERS);
  }

  seal(turn: Turn, participant: Pid, member: MemberRecord, about?: Answered): Uint8Array {
    const { status, sequence, reason } = member;
    const told = status === 'active' || status === 'suspended';
    return this.#seal({
      ...this.#head(turn, participant),
      status,
      sequence,
      reason,
      equivalents: told ? this.definitions() : [],
      ...about,
    });
  }

  /** A request that a rule refuses; the participant is what it was. */
  refuse(
    turn: Turn,
    participant: Pid,
    error: GeoError,
    answers: Hash,
    known?: MemberRecord,
  ): Uint8Array {
    return this.#seal({
      ...this.#head(turn, participant),
      status: known?.status ?? 'refused',
      sequence: known?.sequence ?? 0,
      reason: error.message.slice(0, 200),
      fault: error.details.fault,
      equivalents: [],
      answers,
    });
  }

  /** What the community counts in, without what it has withdrawn. */
  definitions(): EquivalentDefinition[] {
    return [...this.#offers.values()].flatMap(({ definition, withdrawn }) =>
      withdrawn === undefined ? [definition] : [],
    );
  }

  /** Whether the community has counted in it and does so no more. */
  hasWithdrawn(code: EquivalentCode): boolean {
    return this.#offers.get(code)?.withdrawn !== undefined;
  }

  /** @throws GeoError E009 `too_many_equivalents`: a reply could not carry them all */
  requireRoomFor(definitions: readonly EquivalentDefinition[]): void {
    const bytes = encodeWith(list(EquivalentDefinition, OFFERED_MAX), definitions).length;
    const fits = bytes <= FRAME_BYTES_MAX - OTHER_BYTES_MAX;
    if (fits && definitions.length <= OFFERED_MAX) return;
    throw invalid(
      'too_many_equivalents',
      'A community cannot count in that many equivalents, or tell that much about them.',
    );
  }

  #head(turn: Turn, participant: Pid) {
    return {
      hub_key: this.#signer.publicKey,
      participant,
      community: this.#settings.name,
      about: this.#settings.description,
      made: turn.now,
    };
  }

  #seal(reply: JoinReply): Uint8Array {
    return seal('JOIN_REPLY', reply, this.#signer.publicKey, (bytes) => this.#signer.sign(bytes));
  }
}
