/** Endpoints of clearings. */
import { z } from 'zod';
import type { ClearingOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const CLEARING_ROUTES: RoutesOf<ClearingOperations> = {
  clearCycle: {
    method: 'POST',
    path: '/clearings',
    tag: 'clearing',
    summary: 'Clear one cycle; answers with the outcome, or with who has to be asked first',
    access: 'local',
    input: { in: 'body', shape: shapes.ClearRequest },
    response: shapes.Clearing,
  },
  clearNow: {
    method: 'POST',
    path: '/clearings/run',
    tag: 'clearing',
    summary: 'Look for cycles over what is owed here, and clear them one after the other',
    access: 'local',
    input: { in: 'body', shape: shapes.ClearNowRequest },
    response: z.array(shapes.FoundCycle),
  },
  clearingStats: {
    method: 'GET',
    path: '/clearings/stats',
    tag: 'clearing',
    summary: 'What has been cleared with a part of this participant, by equivalent',
    access: 'member',
    input: null,
    response: z.array(shapes.ClearingStats),
  },
  clearingTotals: {
    method: 'GET',
    path: '/clearings/totals',
    tag: 'clearing',
    summary:
      'What clearing has done for everyone whom this node knows of, what could still be cleared, and debt over time',
    access: 'auditor',
    input: null,
    response: z.array(shapes.ClearingTotals),
  },
  clearingPasses: {
    method: 'GET',
    path: '/clearings/passes',
    tag: 'clearing',
    summary:
      'The newest pass of this hub over all debts in each equivalent, since the start: how far it is, or how it ended',
    access: 'auditor',
    input: null,
    response: z.array(shapes.ClearingPass),
  },
  beginPass: {
    method: 'POST',
    path: '/clearings/passes',
    tag: 'clearing',
    summary: 'Begin a pass of this hub over all debts of its community now; answers at once',
    access: 'local',
    input: { in: 'body', shape: shapes.PassRequest },
    response: shapes.ClearingPass,
  },
  cancelPass: {
    method: 'POST',
    path: '/clearings/passes/cancel',
    tag: 'clearing',
    summary:
      'End the pass that is under way after the clearing that it is at; what is cleared stays cleared',
    access: 'local',
    input: null,
    response: shapes.ClearingPass,
  },
  pendingClearings: {
    method: 'GET',
    path: '/clearings/pending',
    tag: 'clearing',
    summary: 'Clearings that wait for the word of this participant',
    access: 'member',
    input: null,
    response: z.array(shapes.Clearing),
  },
  answerClearing: {
    method: 'POST',
    path: '/clearings/answers',
    tag: 'clearing',
    summary: 'Agree to a clearing that waits for it, or do not',
    access: 'local',
    input: { in: 'body', shape: shapes.ClearingAnswer },
    response: shapes.Clearing,
  },
};
