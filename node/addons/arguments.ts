/** What an add-on may pass on to the node's service: checked by the shapes of the API, since it comes from outside too. */
import { z } from 'zod';
import * as shapes from '../service/shapes.ts';
import { Unanswered } from './conversation.ts';

const SHAPES: Readonly<Record<string, z.ZodType>> = {
  history: shapes.HistoryQuery,
  hubMembers: shapes.MembersQuery,
  hubEdges: shapes.HubEdgesQuery,
  transaction: z.string().regex(/^[0-9a-f]{64}$/),
};

/** @throws Unanswered what is wrong with it */
export function readArgument(method: string, given: unknown): unknown {
  const shape = SHAPES[method];
  if (shape === undefined) return undefined;
  const parsed = shape.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new Unanswered(`${method} was asked in a wrong way: ${faults.join('; ')}`);
}
