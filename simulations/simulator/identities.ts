/**
 * Keys by number, and two ways to sign with them. A real Ed25519 signature is most of what a payment
 * costs; where signatures are not what is being tested a keyed hash does the same work: only who is
 * asked to sign with a key does, and a changed byte does not verify.
 */
import { hash } from 'node:crypto';
import { nativeSigner, nativeVerify } from '../../node/platform/native-ed25519.ts';
import type { OpenNote, Signer, VerifySignature } from '../../node/ports.ts';
import {
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  pidToHex,
  publicKeyToBytes,
} from '../../protocol/identity/pid.ts';
import { openNote } from '../../protocol/identity/sealed-note.ts';

export interface Identity {
  readonly publicKey: PublicKey;
  readonly pid: Pid;
  /** The hash that the PID names, 64 hexadecimal digits. */
  readonly hex: string;
  readonly signer: Signer;
  readonly openNote: OpenNote;
}

export interface Signatures {
  readonly verify: VerifySignature;
  /** The same number is always the same participant. */
  identity(number: number): Identity;
}

function seedOf(number: number): Uint8Array {
  return new Uint8Array(hash('sha256', `simulated participant ${number}`, 'buffer'));
}

function identityOf(number: number, signer: Signer): Identity {
  const pid = pidFromPublicKey(signer.publicKey);
  return {
    publicKey: signer.publicKey,
    pid,
    hex: pidToHex(pid),
    signer,
    openNote: (sealed, aad) => openNote(sealed, seedOf(number), aad),
  };
}

function remembered(make: (number: number) => Identity): (number: number) => Identity {
  const known = new Map<number, Identity>();
  return (number) => {
    const found = known.get(number) ?? make(number);
    known.set(number, found);
    return found;
  };
}

export const realSignatures: Signatures = {
  verify: nativeVerify,
  identity: remembered((number) => identityOf(number, nativeSigner(seedOf(number)))),
};

/** 64 bytes over key and message; nobody in a simulation signs with a key that is not his. */
function keyedHash(key: PublicKey, message: Uint8Array): Buffer {
  const keyed = new Uint8Array(32 + message.length);
  keyed.set(keyBytes(key));
  keyed.set(message, 32);
  return hash('blake2b512', keyed, 'buffer');
}

const bytesByKey = new Map<PublicKey, Uint8Array>();

function keyBytes(key: PublicKey): Uint8Array {
  let bytes = bytesByKey.get(key);
  if (bytes === undefined) {
    bytes = publicKeyToBytes(key);
    bytesByKey.set(key, bytes);
  }
  return bytes;
}

export const cheapSignatures: Signatures = {
  verify: (publicKey, message, signature) => keyedHash(publicKey, message).equals(signature),
  identity: remembered((number) => {
    const { publicKey } = nativeSigner(seedOf(number));
    const sign = (message: Uint8Array) => new Uint8Array(keyedHash(publicKey, message));
    return identityOf(number, { publicKey, sign });
  }),
};
