/** Endpoints of trust lines. */
import { z } from 'zod';
import type { TrustLineOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const TRUST_LINE_ROUTES: RoutesOf<TrustLineOperations> = {
  trustLines: {
    method: 'GET',
    path: '/trust-lines',
    tag: 'trust lines',
    summary: 'Trust lines given and received',
    access: 'member',
    input: null,
    response: z.array(shapes.TrustLine),
  },
  setTrustLine: {
    method: 'PUT',
    path: '/trust-lines',
    tag: 'trust lines',
    summary: 'Create or update the line by which a peer may owe this participant',
    access: 'local',
    input: { in: 'body', shape: shapes.TrustLineRequest },
    response: shapes.TrustLine,
  },
  freezeTrustLine: {
    method: 'POST',
    path: '/trust-lines/freeze',
    tag: 'trust lines',
    summary: 'Freeze a line: no new debt, what is owed can still be repaid and cleared',
    access: 'local',
    input: { in: 'body', shape: shapes.TrustLineRef },
    response: shapes.TrustLine,
  },
  closeTrustLine: {
    method: 'POST',
    path: '/trust-lines/close',
    tag: 'trust lines',
    summary: 'Close a line that carries no debt and holds nothing',
    access: 'local',
    input: { in: 'body', shape: shapes.TrustLineRef },
    response: shapes.TrustLine,
  },
};
