/** Who may talk to this node at all; applied where the channel has just proven the identity. */
import type { ConnectionGater, PeerId } from '@libp2p/interface';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { publicKeyOf } from './peer-id.ts';

export interface AccessLists {
  /** If given, only these. */
  readonly allow?: readonly Pid[];
  /** Never these; stronger than `allow`. */
  readonly deny?: readonly Pid[];
}

export class Access {
  readonly #allow: ReadonlySet<Pid> | undefined;
  readonly #deny: ReadonlySet<Pid>;

  constructor(lists: AccessLists) {
    this.#allow = lists.allow === undefined ? undefined : new Set(lists.allow);
    this.#deny = new Set(lists.deny);
  }

  permits(peer: PublicKey): boolean {
    const pid = pidFromPublicKey(peer);
    return !this.#deny.has(pid) && (this.#allow?.has(pid) ?? true);
  }
}

/**
 * Applies the lists, and refuses identities that are no participant's.
 * @param refusesNow true for a peer under a passing penalty
 * @param refused called once for each refusal
 */
export function createGater(
  access: Access,
  refusesNow: (peer: PublicKey) => boolean,
  refused: (reason: 'by_list' | 'by_penalty') => void,
): ConnectionGater {
  const denies = (peerId: PeerId): boolean => {
    const key = publicKeyOf(peerId);
    if (key === undefined || !access.permits(key)) {
      refused('by_list');
      return true;
    }
    return false;
  };
  return {
    denyDialPeer: denies,
    denyOutboundEncryptedConnection: denies,
    denyInboundEncryptedConnection(peerId) {
      if (denies(peerId)) return true;
      const key = publicKeyOf(peerId);
      if (key === undefined || !refusesNow(key)) return false;
      refused('by_penalty');
      return true;
    },
  };
}
