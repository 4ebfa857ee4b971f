/** Sessions and the door to them, put together; and who may come in at all. */
import type { NodeConfig } from '../../config/node.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Community } from '../hub/community.ts';
import type { Membership } from '../hub/membership.ts';
import type { Ports } from '../ports.ts';
import { Links } from './links.ts';
import { Sessions } from './sessions.ts';
import { SignIn } from './sign-in.ts';

interface Rooms {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly me: Pid;
  readonly agents: Agents;
  readonly membership: Membership;
  readonly community: Community;
  /** Bounds the signatures of strangers that are looked at. */
  readonly door: { requireRoom(): void };
  readonly restored: { readonly at: number | undefined };
}

export function openReception(
  rooms: Rooms,
  settings: NodeConfig['sessions'],
): { readonly sessions: Sessions; readonly links: Links; readonly signIn: SignIn } {
  const { ports, hall, me, door, restored, community } = rooms;
  const isKnown = (participant: Pid) => belongs(rooms, participant);
  const sessions = new Sessions({
    hall,
    entropy: ports.entropy,
    now: () => ports.clock.now(),
    terms: { accessMs: settings.access_ms, refreshMs: settings.refresh_ms },
    perParticipant: settings.per_participant,
    kept: settings.kept,
    books: () => restored.at ?? 0,
    isKnown,
  });
  const links = new Links({
    hall,
    entropy: ports.entropy,
    now: () => ports.clock.now(),
    books: () => restored.at ?? 0,
    issuer: community.settings.name || 'GEO',
    // Who acts, or owns the node, signs in with the key.
    isWelcome: (pid) => isKnown(pid) && community.operators.roleOf(pid) === undefined,
  });
  const requireRoom = () => door.requireRoom();
  const signIn = new SignIn({ ports, me, sessions, links, isKnown, requireRoom });
  return { sessions, links, signIn };
}

/** The node itself, whom it votes for, and at a hub its members and operators. */
function belongs({ me, agents, membership, community }: Rooms, participant: Pid): boolean {
  if (participant === me || agents.served(participant)) return true;
  if (!membership.isHub) return false;
  const status = membership.memberOf(participant)?.status;
  // Whoever is suspended still has to see what it owes.
  if (status === 'active' || status === 'suspended') return true;
  return community.operators.roleOf(participant) !== undefined;
}
