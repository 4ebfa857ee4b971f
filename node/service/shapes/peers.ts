/** Peers and contacts. */
import { z } from 'zod';
import { hash, pid } from './words.ts';

export const Peer = z.object({
  pid,
  public_key: hash,
  name: z.string().nullable(),
  connected: z.boolean(),
  addresses: z.array(z.string()),
});

export const ConnectRequest = z.strictObject({ address: z.string().min(1).max(400) });

export const ContactRequest = z.strictObject({
  name: z
    .string()
    .regex(/^[^\s@/]{1,60}$/, 'a contact name has 1 to 60 characters without spaces, @ and /'),
  pid,
  address: z.string().max(400).optional(),
});

export const Contact = z.object({ name: z.string(), pid, addresses: z.array(z.string()) });

export type Peer = z.infer<typeof Peer>;
export type ContactRequest = z.infer<typeof ContactRequest>;
export type Contact = z.infer<typeof Contact>;
