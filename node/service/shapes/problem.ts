/** Errors, and the sign of life, as the HTTP door shows them. */
import { z } from 'zod';
import { ERROR_TITLES } from '../../../protocol/errors.ts';

export const ErrorBody = z.object({
  code: z.enum(Object.keys(ERROR_TITLES) as [keyof typeof ERROR_TITLES]),
  message: z.string(),
  details: z.looseObject({ fault: z.string() }),
});

/** An error as the HTTP door shows it: the envelope and the members of RFC 9457. */
export const Problem = ErrorBody.extend({
  type: z.string().describe('urn:geo:error:CODE'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

export const Health = z.object({ status: z.literal('ok') });

export type ErrorBody = z.infer<typeof ErrorBody>;
export type Problem = z.infer<typeof Problem>;
