/** From what a person types (a contact's name, a PID, or the beginning of one) to a participant. */
import { GeoError } from '../../protocol/errors.ts';
import {
  type Pid,
  type PublicKey,
  parsePid,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { counterparty } from '../../protocol/ledger/edge.ts';
import type { State } from '../engine/state.ts';

/** A prefix shorter than this would too often mean someone else. */
const PREFIX_MIN = 4;

/**
 * @throws GeoError E009 `unknown_peer` | `ambiguous_peer`
 */
export function resolvePeer(state: State, me: Pid, text: string): Pid {
  const contact = state.contacts.get(text);
  if (contact !== undefined) return contact.pid;
  if (text.length >= 43) {
    try {
      return parsePid(text);
    } catch {
      // Not a PID after all: it may still be the beginning of a long contact name.
    }
  }
  const known = new Set<Pid>(state.peers.keys());
  for (const edge of state.edges.values()) known.add(counterparty(edge, me));
  const found = new Set<Pid>();
  for (const [name, { pid }] of state.contacts) {
    known.add(pid);
    if (text.length > 0 && name.startsWith(text)) found.add(pid);
  }
  if (text.length >= PREFIX_MIN) {
    for (const pid of known) if (pid.startsWith(text)) found.add(pid);
  }
  if (found.size === 1) return [...found][0]!;
  if (found.size > 1) {
    throw new GeoError(
      'E009',
      `"${text}" could be ${found.size} participants; write more of the name or PID.`,
      {
        fault: 'ambiguous_peer',
        candidates: [...found],
      },
    );
  }
  throw new GeoError(
    'E009',
    `"${text.slice(0, 80)}" is nobody this node knows. Give a whole PID, or add a contact: geo contact add NAME PID@ADDRESS.`,
    { fault: 'unknown_peer' },
  );
}

/**
 * One of `pids`, by its whole text or a unique beginning.
 * @param what they are, for the refusal
 * @throws GeoError E009 `unknown_member` | `ambiguous_peer`
 */
export function resolveAmong(pids: readonly Pid[], text: string, what: 'member' | 'hub'): Pid {
  const found = pids.filter(
    (pid) => pid === text || (text.length >= PREFIX_MIN && pid.startsWith(text)),
  );
  if (found.length === 1) return found[0]!;
  if (found.length > 1) {
    throw new GeoError(
      'E009',
      `"${text}" could be ${found.length} of them; write more of the PID.`,
      {
        fault: 'ambiguous_peer',
        candidates: found.slice(0, 20),
      },
    );
  }
  const lists = what === 'member' ? 'geo hub members' : 'geo memberships';
  throw new GeoError(
    'E009',
    `"${text.slice(0, 80)}" is no ${what} here; ${lists} has their PIDs.`,
    {
      fault: 'unknown_member',
    },
  );
}

/** Refuses a contact at whose address somebody else answers. @throws GeoError E005 `wrong_peer` */
export function requirePeer(expected: Pid, answering: PublicKey, address: string): void {
  const pid = pidFromPublicKey(answering);
  if (pid === expected) return;
  throw new GeoError(
    'E005',
    `At ${address} ${pid} answers, not ${expected}. Nothing was kept; ask your contact for its address again.`,
    { fault: 'wrong_peer', answering: pid },
  );
}

/** Multiaddrs without repeats: one with the peer's identity at its end stands for the one without. */
export function distinctAddresses(addresses: readonly string[]): string[] {
  const byPlace = new Map<string, string>();
  for (const address of addresses) {
    const place = address.replace(/\/p2p\/\w+$/, '');
    const known = byPlace.get(place);
    if (known === undefined || known === place) byPlace.set(place, address);
  }
  return [...byPlace.values()];
}
