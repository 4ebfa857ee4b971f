/** The node's service: what may be asked of it, turned into turns and views; one file per resource. */

import { addonOperations } from './addons.ts';
import { clearingOperations } from './clearing.ts';
import type { NodeService } from './contract.ts';
import { equivalentOperations } from './equivalents.ts';
import { eventOperations } from './events.ts';
import { hostedOperations } from './hosted.ts';
import { hubOperations } from './hub.ts';
import { ledgerOperations } from './ledger.ts';
import { membershipOperations } from './memberships.ts';
import { nodeOperations } from './node.ts';
import { directoryOperations } from './participants.ts';
import { paymentOperations } from './payments.ts';
import { peerOperations } from './peers.ts';
import type { Rooms } from './rooms.ts';
import { sessionOperations } from './sessions.ts';
import { trustLineOperations } from './trust-lines.ts';
import { Views } from './views.ts';

export function createService(rooms: Rooms): NodeService {
  const views = new Views(rooms.hall.state, rooms.me);
  return {
    ...nodeOperations(rooms, views),
    ...peerOperations(rooms, views),
    ...equivalentOperations(rooms),
    ...trustLineOperations(rooms, views),
    ...paymentOperations(rooms, views),
    ...clearingOperations(rooms, views),
    ...ledgerOperations(rooms, views),
    ...hostedOperations(rooms),
    ...hubOperations(rooms, views),
    ...directoryOperations(rooms),
    ...membershipOperations(rooms),
    ...eventOperations(rooms),
    ...sessionOperations(rooms),
    ...addonOperations(rooms),
  };
}
