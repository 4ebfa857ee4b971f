/**
 * The key file of a participant: `<home>/key.json`, mode 0600. The only room that handles a private key.
 *
 * Form (JSON): `{format: "geo-key", version: 1, public_key, pid}` and either `seed` (64 hex digits) or
 * `encrypted_seed`: ChaCha20-Poly1305 (RFC 8439) under a key that Argon2id (RFC 9106) makes from the
 * passphrase, with the parameters beside it and the public key as associated data.
 */
import { argon2, createCipheriv, createDecipheriv } from 'node:crypto';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { GeoError, invalid } from '../../protocol/errors.ts';
import { SEED_BYTES } from '../../protocol/identity/keys.ts';
import {
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  publicKeyFromBytes,
} from '../../protocol/identity/pid.ts';
import { isErrno, SECRET_FILE_MODE, writeFileAtomically } from '../platform/files.ts';
import { nativeSigner } from '../platform/native-ed25519.ts';
import { realEntropy } from '../platform/platform.ts';
import type { Entropy, Signer } from '../ports.ts';
import { createHome, homeAt } from './home.ts';

export interface PublicIdentity {
  readonly publicKey: PublicKey;
  readonly pid: Pid;
}

export interface CreateKeyOptions {
  /** 32 bytes; made from `entropy` if absent. */
  readonly seed?: Uint8Array | undefined;
  /** Encrypts the seed. Unicode-normalised (NFKC), so that another keyboard types the same one. */
  readonly passphrase?: string | undefined;
  /** Default: the machine's. */
  readonly entropy?: Entropy;
}

/** An opened key. Printing, logging or serialising it shows only who it is. */
export interface OpenKey {
  /** 32 bytes. Needed by the transport, whose identity is the participant's. */
  readonly seed: Uint8Array;
  readonly signer: Signer;
}

// RFC 9106, section 4, second recommended option: 3 passes over 64 MiB, about 0.2 s. One lane, because
// a node opens one key and has no cores to spare for it.
const ARGON2_MEMORY_KIB = 64 * 1024;
const ARGON2_PASSES = 3;
const ARGON2_LANES = 1;
// A file is input like any other: these keep a forged one from exhausting memory or time.
const ARGON2_MEMORY_KIB_MAX = 1024 * 1024;
const ARGON2_PASSES_MAX = 32;
const ARGON2_LANES_MAX = 16;

const CIPHER = 'chacha20-poly1305';
const CIPHER_KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const SALT_BYTES = 16;
const KEY_FILE_BYTES_MAX = 16 * 1024;

const hex = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`));

const EncryptedSeed = z.strictObject({
  kdf: z.literal('argon2id'),
  memory_kib: z.int().min(8).max(ARGON2_MEMORY_KIB_MAX),
  passes: z.int().min(1).max(ARGON2_PASSES_MAX),
  lanes: z.int().min(1).max(ARGON2_LANES_MAX),
  salt: hex(SALT_BYTES),
  cipher: z.literal(CIPHER),
  nonce: hex(NONCE_BYTES),
  ciphertext: hex(SEED_BYTES + TAG_BYTES),
});
type EncryptedSeed = z.infer<typeof EncryptedSeed>;

const identityFields = {
  format: z.literal('geo-key'),
  version: z.literal(1),
  public_key: hex(32),
  pid: z.string(),
};
const KeyFile = z.union([
  z.strictObject({ ...identityFields, seed: hex(SEED_BYTES) }),
  z.strictObject({ ...identityFields, encrypted_seed: EncryptedSeed }),
]);
type KeyFile = z.infer<typeof KeyFile>;

/**
 * Writes a new key file, making the home directory if need be.
 * @throws GeoError E008 `key_exists`; E009 `bad_seed`, `empty_passphrase`; E010 `home_unusable`
 */
export async function createKeyFile(
  homeDirectory: string,
  options: CreateKeyOptions = {},
): Promise<PublicIdentity> {
  const { passphrase, entropy = realEntropy } = options;
  if (passphrase === '') {
    throw invalid('empty_passphrase', 'The passphrase is empty. Give one, or none at all.');
  }
  const seed = options.seed ?? entropy.bytes(SEED_BYTES);
  const { publicKey } = nativeSigner(seed);
  const identity = { publicKey, pid: pidFromPublicKey(publicKey) };
  const secret =
    passphrase === undefined
      ? { seed: Buffer.from(seed).toString('hex') }
      : { encrypted_seed: await encryptSeed(seed, publicKey, passphrase, entropy) };

  const { keyFile } = await createHome(homeDirectory);
  const content: KeyFile = {
    format: 'geo-key',
    version: 1,
    public_key: publicKey,
    pid: identity.pid,
    ...secret,
  };
  try {
    await writeFileAtomically(keyFile, `${JSON.stringify(content, undefined, 2)}\n`, {
      mode: SECRET_FILE_MODE,
      refuseToOverwrite: true,
    });
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    throw new GeoError(
      'E008',
      `There is a key in ${keyFile} already; it is left as it is. Choose another home with --home, or move the file away if you are sure: whoever loses a key loses what it is owed.`,
      { fault: 'key_exists', path: keyFile },
    );
  }
  return identity;
}

/**
 * Reads the key file and makes a signer of it.
 * @throws GeoError E008 `no_key`; E006 `key_file_exposed`, `passphrase_needed`, `wrong_passphrase`;
 *   E009 `bad_key_file`
 */
export async function openKeyFile(homeDirectory: string, passphrase?: string): Promise<OpenKey> {
  const { keyFile } = homeAt(homeDirectory);
  const content = await readKeyFile(keyFile);
  const seed =
    'seed' in content
      ? new Uint8Array(Buffer.from(content.seed, 'hex'))
      : await decryptSeed(keyFile, content, passphrase);
  const signer = nativeSigner(seed);
  if (signer.publicKey !== content.public_key) {
    throw badKeyFile(keyFile, 'its seed belongs to another public key');
  }
  return new DiscreetKey(seed, signer);
}

/**
 * Who the home belongs to; needs no passphrase.
 * @throws GeoError E008 `no_key`; E006 `key_file_exposed`; E009 `bad_key_file`
 */
export async function readPublicIdentity(homeDirectory: string): Promise<PublicIdentity> {
  const { public_key } = await readKeyFile(homeAt(homeDirectory).keyFile);
  const publicKey = publicKeyFromBytes(Buffer.from(public_key, 'hex'));
  return { publicKey, pid: pidFromPublicKey(publicKey) };
}

async function readKeyFile(path: string): Promise<KeyFile> {
  const text = await readPrivateText(path);
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    // The parser's own message would quote the file, and with it perhaps the seed.
    throw badKeyFile(path, 'it is not JSON');
  }
  const parsed = KeyFile.safeParse(content);
  if (!parsed.success) throw badKeyFile(path, 'its fields are not those of a key file, version 1');
  const publicKey = publicKeyFromBytes(Buffer.from(parsed.data.public_key, 'hex'));
  if (pidFromPublicKey(publicKey) !== parsed.data.pid) {
    throw badKeyFile(path, 'its PID belongs to another public key');
  }
  return parsed.data;
}

/** The file's text, if nobody but its owner can read it. Checks and reads the same open file. */
async function readPrivateText(path: string): Promise<string> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) {
      throw new GeoError('E008', `There is no key in ${path}. Run \`geo init\` first.`, {
        fault: 'no_key',
        path,
      });
    }
    throw badKeyFile(path, error instanceof Error ? error.message : String(error));
  });
  try {
    const { mode, size } = await file.stat();
    // Windows has no such mode bits; there the user's profile directory protects the file.
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
      throw new GeoError(
        'E006',
        `Other users can read or change the key in ${path}. Run \`chmod 600 ${path}\`; if somebody may have copied it, make a new key and move your lines to it.`,
        { fault: 'key_file_exposed', path, mode: (mode & 0o777).toString(8) },
      );
    }
    if (size > KEY_FILE_BYTES_MAX) throw badKeyFile(path, 'it is too large');
    return await file.readFile('utf8').catch(() => {
      throw badKeyFile(path, 'it is not a readable file');
    });
  } finally {
    await file.close();
  }
}

async function encryptSeed(
  seed: Uint8Array,
  publicKey: PublicKey,
  passphrase: string,
  entropy: Entropy,
): Promise<EncryptedSeed> {
  const settings = {
    kdf: 'argon2id',
    memory_kib: ARGON2_MEMORY_KIB,
    passes: ARGON2_PASSES,
    lanes: ARGON2_LANES,
    salt: Buffer.from(entropy.bytes(SALT_BYTES)).toString('hex'),
  } as const;
  const nonce = entropy.bytes(NONCE_BYTES);
  const key = await deriveKey(passphrase, settings);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associatedData(publicKey), { plaintextLength: seed.length });
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  return {
    ...settings,
    cipher: CIPHER,
    nonce: Buffer.from(nonce).toString('hex'),
    ciphertext: sealed.toString('hex'),
  };
}

async function decryptSeed(
  path: string,
  content: { public_key: string; encrypted_seed: EncryptedSeed },
  passphrase: string | undefined,
): Promise<Uint8Array> {
  if (passphrase === undefined) {
    throw new GeoError(
      'E006',
      `The key in ${path} is protected by a passphrase, and none was given.`,
      { fault: 'passphrase_needed', path },
    );
  }
  const { encrypted_seed: encrypted } = content;
  const key = await deriveKey(passphrase, encrypted);
  const sealed = Buffer.from(encrypted.ciphertext, 'hex');
  const nonce = Buffer.from(encrypted.nonce, 'hex');
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associatedData(content.public_key), { plaintextLength: SEED_BYTES });
  decipher.setAuthTag(sealed.subarray(SEED_BYTES));
  try {
    const opened = Buffer.concat([
      decipher.update(sealed.subarray(0, SEED_BYTES)),
      decipher.final(),
    ]);
    return new Uint8Array(opened);
  } catch {
    throw new GeoError(
      'E006',
      `The passphrase does not open the key in ${path}. Try again; if you are sure of it, the file has been changed.`,
      { fault: 'wrong_passphrase', path },
    );
  }
}

const argon2Async = promisify(argon2);

async function deriveKey(
  passphrase: string,
  settings: Pick<EncryptedSeed, 'memory_kib' | 'passes' | 'lanes' | 'salt'>,
): Promise<Buffer> {
  return argon2Async('argon2id', {
    message: Buffer.from(passphrase.normalize('NFKC'), 'utf8'),
    nonce: Buffer.from(settings.salt, 'hex'),
    parallelism: settings.lanes,
    memory: settings.memory_kib,
    passes: settings.passes,
    tagLength: CIPHER_KEY_BYTES,
  });
}

/** Binds the ciphertext to its owner: it cannot be passed off under another public key. */
function associatedData(publicKey: string): Buffer {
  return Buffer.from(`geo-key/1/${publicKey}`, 'utf8');
}

function badKeyFile(path: string, what: string): GeoError {
  return invalid(
    'bad_key_file',
    `The key file ${path} cannot be used: ${what}. Bring it back from a copy, or import the seed with \`geo init\` into another home.`,
    { path },
  );
}

class DiscreetKey implements OpenKey {
  readonly #seed: Uint8Array;
  readonly signer: Signer;

  constructor(seed: Uint8Array, signer: Signer) {
    this.#seed = seed;
    this.signer = signer;
  }

  get seed(): Uint8Array {
    return this.#seed;
  }

  toJSON(): PublicIdentity {
    const { publicKey } = this.signer;
    return { publicKey, pid: pidFromPublicKey(publicKey) };
  }
}
