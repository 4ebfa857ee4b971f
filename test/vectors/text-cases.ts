/** What people write: PIDs and amounts. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import { base58 } from '@scure/base';

export interface PidCase {
  readonly name: string;
  readonly pid: string;
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: '' | 'bad_pid';
  /** SHA-256 of the public key, present if valid. */
  readonly hash?: string;
  /** Present if the hash is that of a key. */
  readonly public_key?: string;
}

export interface AmountCase {
  readonly text: string;
  readonly precision: number;
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: string;
  /** The amount in the smallest unit and the text that it is written as; present if valid. */
  readonly units?: string;
  readonly canonical?: string;
}

const KEYS = [
  'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
  '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
  'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
];

export function pidCases(): PidCase[] {
  const ofKeys = KEYS.map((key, i): PidCase => {
    const hash = sha256(hexToBytes(key));
    return {
      name: `key ${i + 1}`,
      pid: base58.encode(hash),
      valid: true,
      reason: '',
      hash: bytesToHex(hash),
      public_key: key,
    };
  });
  const ofHash = (name: string, hash: string): PidCase => {
    return { name, pid: base58.encode(hexToBytes(hash)), valid: true, reason: '', hash };
  };
  const refused = (name: string, pid: string): PidCase => {
    return { name, pid, valid: false, reason: 'bad_pid' };
  };
  const good = ofKeys[0]!.pid;
  return [
    ...ofKeys,
    ofHash('hash of zeros', '00'.repeat(32)),
    ofHash('hash with leading zeros', `0000${'ab'.repeat(30)}`),
    ofHash('largest hash', 'ff'.repeat(32)),
    refused('nothing', ''),
    refused('31 bytes', base58.encode(new Uint8Array(31).fill(0xab))),
    refused('33 bytes', base58.encode(new Uint8Array(33).fill(0xab))),
    refused('letter that base58 lacks', `0${good.slice(1)}`),
    refused('blank after it', `${good} `),
    refused('hexadecimal', bytesToHex(sha256(hexToBytes(KEYS[0]!)))),
    refused('far too long', 'z'.repeat(1000)),
  ];
}

const GOOD_AMOUNTS: readonly (readonly [string, number, units: string, canonical: string])[] = [
  ['1', 0, '1', '1'],
  ['1', 2, '100', '1.00'],
  ['1.5', 2, '150', '1.50'],
  ['0.01', 2, '1', '0.01'],
  ['0.00000001', 8, '1', '0.00000001'],
  ['007.10', 2, '710', '7.10'],
  ['9223372036854775807', 0, '9223372036854775807', '9223372036854775807'],
  ['92233720368547758.07', 2, '9223372036854775807', '92233720368547758.07'],
  ['92233720368.54775807', 8, '9223372036854775807', '92233720368.54775807'],
  ['9007199254740993', 0, '9007199254740993', '9007199254740993'],
  ['0.3', 1, '3', '0.3'],
];

const BAD_AMOUNTS: readonly (readonly [string, number, reason: string])[] = [
  ['0', 0, 'amount_not_positive'],
  ['0.00', 2, 'amount_not_positive'],
  ['-1', 0, 'amount_not_positive'],
  ['-0.01', 2, 'amount_not_positive'],
  ['0.001', 2, 'too_many_digits'],
  ['1.000', 2, 'too_many_digits'],
  ['1.0', 0, 'too_many_digits'],
  ['9223372036854775808', 0, 'amount_too_large'],
  ['92233720368547758.08', 2, 'amount_too_large'],
  ['1000000000000000000000', 0, 'amount_too_large'],
  ['9'.repeat(64), 8, 'amount_too_large'],
  ['9'.repeat(65), 0, 'bad_amount'],
  ['', 0, 'bad_amount'],
  [' 1', 0, 'bad_amount'],
  ['1 ', 0, 'bad_amount'],
  ['1\n', 0, 'bad_amount'],
  ['+1', 0, 'bad_amount'],
  ['1,5', 2, 'bad_amount'],
  ['1_000', 0, 'bad_amount'],
  ['1e3', 0, 'bad_amount'],
  ['0x10', 0, 'bad_amount'],
  ['.5', 2, 'bad_amount'],
  ['5.', 2, 'bad_amount'],
  ['1.2.3', 2, 'bad_amount'],
  ['Infinity', 0, 'bad_amount'],
  ['NaN', 0, 'bad_amount'],
  ['--1', 0, 'bad_amount'],
  ['١٢', 0, 'bad_amount'],
];

export function amountCases(): AmountCase[] {
  return [
    ...GOOD_AMOUNTS.map(([text, precision, units, canonical]): AmountCase => {
      return { text, precision, valid: true, reason: '', units, canonical };
    }),
    ...BAD_AMOUNTS.map(([text, precision, reason]): AmountCase => {
      return { text, precision, valid: false, reason };
    }),
  ];
}
