/** Endpoints of the node itself. */
import { z } from 'zod';
import type { NodeOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

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
  keptBackups: {
    method: 'GET',
    path: '/backup/incremental',
    access: 'auditor',
    tag: 'node',
    summary:
      'The incremental backup that is kept, and how far it has come; none if the list is empty',
    input: null,
    response: z.array(shapes.IncrementalBackup),
  },
  keepBackup: {
    method: 'POST',
    path: '/backup/incremental',
    tag: 'node',
    summary: 'Keep an incremental backup in a directory from now on, or bring it up to date',
    access: 'local',
    input: { in: 'body', shape: shapes.KeepBackupRequest },
    response: shapes.IncrementalBackup,
  },
  endBackup: {
    method: 'POST',
    path: '/backup/incremental/end',
    tag: 'node',
    summary: 'Keep the incremental backup no longer; its files stay',
    access: 'local',
    input: null,
    response: z.array(shapes.IncrementalBackup),
  },
};
