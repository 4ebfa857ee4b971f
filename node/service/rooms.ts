/** The parts of a node, as those see them who answer for it: its service and its views. */

import type { Pid } from '../../protocol/identity/pid.ts';
import type { Addons } from '../addons/host.ts';
import type { ClearingRoom } from '../clearing/room.ts';
import type { MemberDoor } from '../doors/member-door.ts';
import type { Moving } from '../doors/moving.ts';
import type { Operating } from '../doors/operating.ts';
import type { Agents } from '../engine/agents.ts';
import type { EdgeStatements } from '../engine/edges/statements.ts';
import type { EdgeSync } from '../engine/edges/sync.ts';
import type { TrustLines } from '../engine/edges/trust-lines.ts';
import type { Hall } from '../engine/hall.ts';
import type { EventLog } from '../events/log.ts';
import type { News } from '../events/news.ts';
import type { Community } from '../hub/community.ts';
import type { Memberships } from '../hub/memberships.ts';
import type { RouteDesk } from '../hub/route-desk.ts';
import type { IntegrityRoom } from '../integrity/room.ts';
import type { Payments } from '../payments/payments.ts';
import type { Acquaintances } from '../peers/acquaintances.ts';
import type { Peers } from '../peers/peers.ts';
import type { Ports } from '../ports.ts';
import type { Router } from '../routing/router.ts';
import type { Links } from '../sessions/links.ts';
import type { Sessions } from '../sessions/sessions.ts';
import type { SignIn } from '../sessions/sign-in.ts';
import type { NodeSettings } from '../settings.ts';

/** The rooms of a node, as its service sees them. */
export interface Rooms {
  readonly ports: Ports;
  readonly settings: NodeSettings;
  readonly me: Pid;
  readonly hall: Hall;
  readonly agents: Agents;
  readonly peers: Peers;
  readonly acquaintances: Acquaintances;
  readonly lines: TrustLines;
  readonly router: Router;
  readonly payments: Payments;
  readonly clearing: ClearingRoom;
  readonly edges: EdgeSync;
  readonly statements: EdgeStatements;
  readonly door: MemberDoor;
  readonly moving: Moving;
  readonly community: Community;
  readonly desk: RouteDesk;
  readonly memberships: Memberships;
  readonly operating: Operating;
  readonly events: EventLog;
  readonly news: News;
  readonly integrity: IntegrityRoom;
  readonly addons: Addons;
  readonly sessions: Sessions;
  readonly links: Links;
  readonly signIn: SignIn;
  readonly isFrozen: () => boolean;
  readonly setFrozen: (frozen: boolean) => Promise<void>;
  /** When these books were restored from a backup, ms since 1970 UTC. */
  readonly restoredAt: () => number | undefined;
  readonly apiUrl: () => string;
  readonly publicUrl: () => string | null;
}
