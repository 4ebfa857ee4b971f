/** The node's service: what may be asked of it, turned into turns and views; one file per resource. */
import type { Rooms } from './rooms.ts';
import { addonOperations } from './service/addons.ts';
import { clearingOperations } from './service/clearing.ts';
import { equivalentOperations } from './service/equivalents.ts';
import { eventOperations } from './service/events.ts';
import { hostedOperations } from './service/hosted.ts';
import { hubOperations } from './service/hub.ts';
import { ledgerOperations } from './service/ledger.ts';
import { membershipOperations } from './service/memberships.ts';
import { nodeOperations } from './service/node.ts';
import { paymentOperations } from './service/payments.ts';
import { peerOperations } from './service/peers.ts';
import { trustLineOperations } from './service/trust-lines.ts';
import type { NodeService } from './service.ts';
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
    ...membershipOperations(rooms),
    ...eventOperations(rooms),
    ...addonOperations(rooms),
  };
}
