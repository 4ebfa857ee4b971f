/** Endpoints of peers and contacts. */
import { z } from 'zod';
import type { PeerOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const PEER_ROUTES: RoutesOf<PeerOperations> = {
  peers: {
    method: 'GET',
    path: '/peers',
    tag: 'peers',
    summary: 'Peers that this node knows, and whether they are connected',
    access: 'local',
    input: null,
    response: z.array(shapes.Peer),
  },
  connect: {
    method: 'POST',
    path: '/peers',
    tag: 'peers',
    summary: 'Connect to a peer by multiaddr',
    access: 'local',
    input: { in: 'body', shape: shapes.ConnectRequest, field: 'address' },
    response: shapes.Peer,
  },
  contacts: {
    method: 'GET',
    path: '/contacts',
    tag: 'peers',
    summary: 'Names that this node gave to participants',
    access: 'local',
    input: null,
    response: z.array(shapes.Contact),
  },
  addContact: {
    method: 'POST',
    path: '/contacts',
    tag: 'peers',
    summary: 'Give a participant a name, and say where it can be reached',
    access: 'local',
    input: { in: 'body', shape: shapes.ContactRequest },
    response: shapes.Contact,
  },
};
