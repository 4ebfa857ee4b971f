/** Endpoints of equivalents. */
import { z } from 'zod';
import type { EquivalentOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const EQUIVALENT_ROUTES: RoutesOf<EquivalentOperations> = {
  equivalents: {
    method: 'GET',
    path: '/equivalents',
    tag: 'equivalents',
    summary: 'What debts are measured in',
    access: 'member',
    input: null,
    response: z.array(shapes.Equivalent),
  },
  defineEquivalent: {
    method: 'POST',
    path: '/equivalents',
    tag: 'equivalents',
    summary: 'Define an equivalent: code, precision, metadata',
    access: 'local',
    input: { in: 'body', shape: shapes.EquivalentRequest },
    response: shapes.Equivalent,
  },
};
