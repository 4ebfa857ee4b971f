/** Words that many shapes are made of. */
import { z } from 'zod';

export const pid = z.string().min(32).max(64).describe('PID: base58btc of sha256(public key)');
/** A contact name, a PID, or a unique prefix of either. */
export const peer = z
  .string()
  .min(1)
  .max(120)
  .describe('contact name, PID, or a unique prefix of one');
export const code = z.string().min(1).max(16).describe('equivalent code, for example UAH');
export const amount = z.string().min(1).max(42).describe('decimal text, for example "12.50"');
export const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('64 hexadecimal digits');
export const time = z.string().describe('ISO 8601, UTC');
/** A time as people write it: a date, or a date with a time and its offset. */
export const moment = z.string().max(40);
