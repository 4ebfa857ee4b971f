/**
 * Where a participant is, in its own words: a signed record under `/geo/pid/<PID>` in the DHT
 * (docs/PROTOCOL.md, "Presence"). A PID is the hash of a public key, so the record also
 * answers what no PID can: which key it is.
 */
import { GeoError } from './errors.ts';
import { type Pid, type PublicKey, parsePid, pidFromPublicKey } from './identity/pid.ts';
import { parseSign1, sealSign1, verifySign1 } from './wire/cose.ts';
import * as s from './wire/schema.ts';

/** What the signature is bound to, as a message type is for messages. */
export const PRESENCE_SIGNED_AS = 'PRESENCE';
const ADDRESSES_MAX = 16;
const ADDRESS_BYTES_MAX = 256;
const HUBS_MAX = 16;
/** A record is small; a DHT full of large ones would be somebody's disk. */
const RECORD_BYTES_MAX = 4_096;
/** A record that never expires would send people to a place left long ago. */
export const PRESENCE_LIFE_MS_MAX = 24 * 3_600_000;

export const PresenceBody = s.named(
  'presence',
  s.map({
    public_key: s.publicKey,
    /** Multiaddrs, best first. */
    addresses: s.list(s.text(ADDRESS_BYTES_MAX), ADDRESSES_MAX),
    hubs: s.list(s.pid, HUBS_MAX),
    /** Only grows; the highest counts. */
    sequence: s.uint(Number.MAX_SAFE_INTEGER),
    expires: s.time,
  }),
);
export type PresenceBody = s.Infer<typeof PresenceBody>;

type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

const KEY_PREFIX = '/geo/pid/';

/** The key in the DHT under which a participant's record stands. */
export function presenceKey(pid: Pid): Uint8Array {
  return new TextEncoder().encode(KEY_PREFIX + pid);
}

/** @throws GeoError E009 `bad_presence` | `bad_pid` */
export function pidInKey(key: Uint8Array): Pid {
  const text = new TextDecoder().decode(key);
  if (!text.startsWith(KEY_PREFIX)) throw badPresence('key', 'its key is of another kind');
  return parsePid(text.slice(KEY_PREFIX.length));
}

/** Addresses and hubs beyond what a record may hold are left out. */
export function sealPresence(
  where: { addresses: readonly string[]; hubs: readonly Pid[] },
  sequence: number,
  expires: number,
  signer: { readonly publicKey: PublicKey; readonly sign: (message: Uint8Array) => Uint8Array },
): Uint8Array {
  const payload = s.encodeWith(PresenceBody, {
    public_key: signer.publicKey,
    addresses: where.addresses
      .filter((address) => address.length <= ADDRESS_BYTES_MAX)
      .slice(0, ADDRESSES_MAX),
    hubs: where.hubs.slice(0, HUBS_MAX),
    sequence,
    expires,
  });
  return sealSign1(PRESENCE_SIGNED_AS, payload, signer.publicKey, (message) =>
    signer.sign(message),
  );
}

/**
 * Reads a record, believing nothing: form, size, time and the key that it is stored under first, the
 * signature last, because that costs most.
 * @param now ms since 1970
 * @throws GeoError E009 `bad_presence` | `bad_envelope` | `bad_cbor` | `bad_message`, E005 `bad_signature`
 */
export function openPresence(
  pid: Pid,
  bytes: Uint8Array,
  now: number,
  verify: Verify,
): PresenceBody {
  if (bytes.length > RECORD_BYTES_MAX) throw badPresence('size', 'it is too large');
  const envelope = parseSign1(bytes);
  const body = s.decodeWith(PresenceBody, envelope.payload, PRESENCE_SIGNED_AS);
  if (pidFromPublicKey(body.public_key) !== pid) {
    throw badPresence('key', 'it is stored under the name of someone else');
  }
  if (body.expires <= now) throw badPresence('expired', 'it has expired');
  if (body.expires > now + PRESENCE_LIFE_MS_MAX) {
    throw badPresence('life', 'it claims to be valid for too long');
  }
  if (!verifySign1(PRESENCE_SIGNED_AS, envelope, body.public_key, verify)) throw badSignature(pid);
  return body;
}

/** The refusal of a record; `reason` says what is wrong with it. */
export function badPresence(reason: string, because: string): GeoError {
  return new GeoError(
    'E009',
    `A presence record was refused: ${because}. Nothing needs to be done here; its author has to publish a new one.`,
    { fault: 'bad_presence', reason },
  );
}

function badSignature(pid: Pid): GeoError {
  return new GeoError(
    'E005',
    `A presence record in the name of ${pid} was not signed by that participant. It was ignored.`,
    { fault: 'bad_signature' },
  );
}

/** Where a participant says that it is. */
export interface Whereabouts {
  readonly publicKey: PublicKey;
  readonly addresses: readonly string[];
  readonly hubs: readonly Pid[];
}
