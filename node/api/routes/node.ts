/** Endpoints of the node itself. */
import type { NodeOperations } from '../../service/contract.ts';
import type { RoutesOf } from '../route.ts';
import * as shapes from '../shapes.ts';

export const NODE_ROUTES: RoutesOf<NodeOperations> = {
  identity: {
    method: 'GET',
    path: '/identity',
    tag: 'node',
    summary: 'Who this node is and where it can be reached',
    access: 'member',
    input: null,
    response: shapes.Identity,
  },
  status: {
    method: 'GET',
    path: '/status',
    tag: 'node',
    summary: 'State of the node: connections, edges, payments under way, store',
    access: 'auditor',
    input: null,
    response: shapes.Status,
  },
  setParticipation: {
    method: 'PUT',
    path: '/participation',
    tag: 'node',
    summary: 'Take part (active), or only let debts be repaid (frozen)',
    access: 'local',
    input: { in: 'body', shape: shapes.ParticipationRequest, field: 'state' },
    response: shapes.Status,
  },
  backup: {
    method: 'POST',
    path: '/backup',
    tag: 'node',
    summary: 'Write a copy of the whole store, as it is now, into a new file',
    access: 'local',
    input: { in: 'body', shape: shapes.BackupRequest, field: 'file' },
    response: shapes.Backup,
  },
};
