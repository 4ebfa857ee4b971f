/**
 * What the decoder must keep for any bytes whatever: a coded refusal or a message, and for a message
 * exactly these bytes, all the way down.
 */
import { GeoError } from '../../protocol/errors.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { decode, encode } from '../../protocol/wire/cbor.ts';
import {
  encodeBody,
  type OpenFrame,
  openFrame,
  signedFrame,
} from '../../protocol/wire/envelope.ts';
import { MESSAGES } from '../../protocol/wire/message-types.ts';

/** @throws Error if the decoder breaks a promise */
export function judge(bytes: Uint8Array): 'accepted' | 'refused' {
  const frame = attempt(() => openFrame(bytes));
  if (frame === undefined) return 'refused';
  same(encodedAgain(frame), bytes, 'another frame means the same');
  if (frame.signed !== undefined) {
    same(encodeBody(frame.type, frame.body as never), frame.signed.payload, 'another payload');
  }
  if ('manifest' in frame.body && frame.body.manifest instanceof Uint8Array) {
    const { manifest } = frame.body;
    attempt(() => openManifest(manifest));
  }
  return 'accepted';
}

function encodedAgain(frame: OpenFrame): Uint8Array {
  if (frame.signed !== undefined) return signedFrame(frame.type, frame.signed.bytes);
  return encode([MESSAGES[frame.type].number, encodeBody(frame.type, frame.body as never)]);
}

/** The same for bare CBOR. */
export function judgeCbor(bytes: Uint8Array): 'accepted' | 'refused' {
  const value = attempt(() => [decode(bytes)] as const);
  if (value === undefined) return 'refused';
  same(encode(value[0]), bytes, 'another byte string means the same');
  return 'accepted';
}

/** Undefined if it was refused as it should be: with E009 and a fault. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof GeoError && error.code === 'E009' && error.details.fault !== '') {
      return undefined;
    }
    throw error;
  }
}

function same(a: Uint8Array, b: Uint8Array, broken: string): void {
  if (Buffer.compare(a, b) !== 0) {
    throw new Error(`${broken}: ${Buffer.from(b).toString('hex')}`);
  }
}
