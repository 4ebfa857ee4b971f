/**
 * Writes the vector files beside it: `node test/vectors/generate.ts`. Deterministic; a test checks
 * that the files are what this writes. Add a file by adding a line to `VECTOR_FILES`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cborCases } from './cbor-cases.ts';
import { coseCases } from './cose-cases.ts';
import { noteCases } from './note-cases.ts';
import { signatureCases } from './signature-cases.ts';
import { amountCases, pidCases } from './text-cases.ts';

interface VectorFile {
  readonly about: string;
  readonly cases: () => readonly object[];
}

const VECTOR_FILES: Readonly<Record<string, VectorFile>> = {
  'amounts.json': {
    about: 'Decimal text to positive amounts of the smallest unit (PROTOCOL.md, "Words").',
    cases: amountCases,
  },
  'cbor.json': {
    about: 'Deterministic CBOR: values with their one byte string, and bytes to refuse.',
    cases: cborCases,
  },
  'cose.json': {
    about: 'COSE_Sign1 envelopes with their signer, message type and message, and bytes to refuse.',
    cases: coseCases,
  },
  'pids.json': {
    about: 'PID = base58btc(sha256(public key)), and text to refuse.',
    cases: pidCases,
  },
  'sealed-notes.json': {
    about: 'Notes sealed to the payee (HPKE), and bytes that do not open.',
    cases: noteCases,
  },
  'signatures.json': {
    about: 'Ed25519 under the one rule of the network, every known edge case included.',
    cases: signatureCases,
  },
};

/** Name and content of every vector file. */
export function vectorFiles(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, { about, cases }] of Object.entries(VECTOR_FILES)) {
    files.set(name, `${JSON.stringify({ about, cases: cases() }, undefined, 1)}\n`);
  }
  return files;
}

if (import.meta.main) {
  for (const [name, content] of vectorFiles()) {
    writeFileSync(join(import.meta.dirname, name), content);
    process.stderr.write(`${name}: ${content.length} bytes\n`);
  }
}
