/** Presence records with the key that they are stored under, and records that nobody must believe. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { signWithSeed } from '../../protocol/identity/keys.ts';
import {
  PRESENCE_LIFE_MS_MAX,
  PRESENCE_SIGNED_AS,
  PresenceBody,
  presenceKey,
} from '../../protocol/presence.ts';
import { sealSign1 } from '../../protocol/wire/cose.ts';
import { encodeWith } from '../../protocol/wire/schema.ts';
import * as w from './messages-world.ts';

export interface PresenceCase {
  readonly name: string;
  /** Key of the record in the DHT. */
  readonly key: string;
  readonly bytes: string;
  /** When it is looked at, ms since 1970 UTC. */
  readonly now: number;
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: '' | 'key' | 'expired' | 'life' | 'size' | 'not_signed' | 'bad_envelope';
  /** In valid ones: what it says. */
  readonly says?: { readonly addresses: readonly string[]; readonly sequence: number };
}

const BODY: PresenceBody = {
  public_key: w.anna.key,
  addresses: ['/ip4/192.0.2.7/tcp/4801'],
  hubs: [w.dave.pid],
  sequence: 3,
  expires: w.NOW + 3_600_000,
};

function sealed(body: PresenceBody, signer = w.anna, signedAs = PRESENCE_SIGNED_AS): Uint8Array {
  return sealSign1(signedAs, encodeWith(PresenceBody, body), body.public_key, (message) =>
    signWithSeed(signer.seed, message),
  );
}

export function presenceCases(): PresenceCase[] {
  const make = (
    name: string,
    bytes: Uint8Array,
    reason: PresenceCase['reason'],
    more: Partial<PresenceCase> = {},
  ): PresenceCase => ({
    name,
    key: bytesToHex(presenceKey(w.anna.pid)),
    bytes: bytesToHex(bytes),
    now: w.NOW,
    valid: reason === '',
    reason,
    ...more,
  });
  const valid = (name: string, body: PresenceBody): PresenceCase =>
    make(name, sealed(body), '', {
      says: { addresses: body.addresses, sequence: body.sequence },
    });
  return [
    valid('an address and a hub', BODY),
    valid('nothing but the key', { ...BODY, addresses: [], hubs: [] }),
    valid('as long a life as there may be', { ...BODY, expires: w.NOW + PRESENCE_LIFE_MS_MAX }),
    make('of another participant', sealed({ ...BODY, public_key: w.eve.key }, w.eve), 'key'),
    make('it has expired', sealed({ ...BODY, expires: w.NOW }), 'expired'),
    make('too long a life', sealed({ ...BODY, expires: w.NOW + PRESENCE_LIFE_MS_MAX + 1 }), 'life'),
    make('larger than a record may be', new Uint8Array(4_097), 'size'),
    make('signed by somebody else', sealed(BODY, w.eve), 'not_signed'),
    make('signed for another purpose', sealed(BODY, w.anna, 'EDGE_STATEMENT'), 'not_signed'),
    make('not an envelope', hexToBytes('80'), 'bad_envelope'),
  ];
}
