/**
 * Writes the vector files beside it: `node test/vectors/generate.ts`. Deterministic; a test checks
 * that the files are what this writes. Add a file by adding a line to `VECTOR_FILES`.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cborCases } from './cbor-cases.ts';
import { coseCases } from './cose-cases.ts';
import { hopCases, statementCases } from './edge-cases.ts';
import { evidenceCases } from './evidence-cases.ts';
import { checksumCases, digestCases, transactionIdCases } from './identifier-cases.ts';
import { manifestCases } from './manifest-cases.ts';
import { VALID_MESSAGES, validCase } from './messages-cases.ts';
import { faultCases } from './messages-faults.ts';
import { noteCases } from './note-cases.ts';
import { presenceCases } from './presence-cases.ts';
import { receiptCases } from './receipt-cases.ts';
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
  'checksums.json': {
    about: 'Checksum of each edge, and of sets of edges: sum mod 2^256.',
    cases: checksumCases,
  },
  'cose.json': {
    about: 'COSE_Sign1 envelopes with their signer, message type and message, and bytes to refuse.',
    cases: coseCases,
  },
  'digests.json': {
    about: 'Set digest of an edge: sum mod 2^256 of sha256(tx ‖ attempt u32 ‖ change i64).',
    cases: digestCases,
  },
  'evidence.json': {
    about: 'Signed statements about one attempt, and which of them a receiver may believe.',
    cases: evidenceCases,
  },
  'hops.json': {
    about: 'What a hop can carry, and the vote of its creditor: capacity, status, policies.',
    cases: hopCases,
  },
  'manifests.json': {
    about: 'Manifests with their hash, tx_id and effects, and manifests that do not hold together.',
    cases: manifestCases,
  },
  'messages.json': {
    about: 'Every message as a whole frame, with its payload, envelope, signer and content.',
    cases: () => VALID_MESSAGES.map(validCase),
  },
  'messages-refused.json': {
    about: 'Frames to refuse, each with one thing wrong.',
    cases: faultCases,
  },
  'pids.json': {
    about: 'PID = base58btc(sha256(public key)), and text to refuse.',
    cases: pidCases,
  },
  'presence.json': {
    about: 'Presence records with their key in the DHT, and records that nobody must believe.',
    cases: presenceCases,
  },
  'receipts.json': {
    about: 'Certificates as files with the debts that they prove, and what is no proof.',
    cases: receiptCases,
  },
  'sealed-notes.json': {
    about: 'Notes sealed to the payee (HPKE), and bytes that do not open.',
    cases: noteCases,
  },
  'signatures.json': {
    about: 'Ed25519 under the one rule of the network, every known edge case included.',
    cases: signatureCases,
  },
  'statements.json': {
    about: 'Account statements as files: both ends of an edge under the same bytes.',
    cases: statementCases,
  },
  'transaction-ids.json': {
    about: 'tx_id: the hash of the payload of an order, whichever signature is round it.',
    cases: transactionIdCases,
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
