/** Options of signing in by HTTP (see `config/node.ts`). */
import { z } from 'zod';
import { flag, whole } from './option.ts';

const DAY_MS = 24 * 3_600_000;

export const sessions = z.strictObject({
  access_ms: whole(
    { default: 600_000, min: 10_000, max: DAY_MS },
    'How long an access token holds. Then the client exchanges its refresh token for new ones.',
  ),
  refresh_ms: whole(
    { default: 30 * DAY_MS, min: 60_000, max: 400 * DAY_MS },
    'How long a refresh token holds: who stays away for longer signs in again. At least `access_ms`.',
  ),
  acts: flag(
    true,
    'Let operators of the hub act as soon as they have signed in. Off: they only read by HTTP, and sign each act by itself, over the network (`geo hub … --at HUB`).',
  ),
  links: flag(
    false,
    'Let members sign in, to read, with an e-mail address or phone number, a password and a one-time code as well. Nothing is sent to that address: that it is theirs, operators find out by themselves.',
  ),
  per_participant: whole(
    { default: 16, min: 1, max: 1_000 },
    'Sessions that one participant may have. A further one ends the one that was used longest ago.',
  ),
  kept: whole(
    { default: 10_000, min: 1, max: 100_000 },
    'Sessions of all participants together. Beyond it nobody else can sign in.',
  ),
});
