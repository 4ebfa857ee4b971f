/** CBOR values with their one byte string, and byte strings that are refused. Bytes are written by hand. */
import type { CborFault } from '../../protocol/wire/cbor-value.ts';
import type { Portable } from './portable.ts';

export interface CborCase {
  readonly name: string;
  readonly bytes: string;
  readonly valid: boolean;
  /** Present if valid. Map entries in the order of their bytes. */
  readonly value?: Portable;
  /** Empty if valid. */
  readonly reason: CborFault | '';
}

const int = (text: string): Portable => ({ int: text });
const text = (value: string): Portable => ({ text: value });
const array = (...items: Portable[]): Portable => ({ array: items });

const GOOD: readonly (readonly [name: string, bytes: string, value: Portable])[] = [
  ['0', '00', int('0')],
  ['23, last of the short heads', '17', int('23')],
  ['24, first with one byte', '1818', int('24')],
  ['255', '18ff', int('255')],
  ['256, first with two bytes', '190100', int('256')],
  ['65535', '19ffff', int('65535')],
  ['65536, first with four bytes', '1a00010000', int('65536')],
  ['2^32 - 1', '1affffffff', int('4294967295')],
  ['2^32, first with eight bytes', '1b0000000100000000', int('4294967296')],
  ['2^53 - 1, last exact double', '1b001fffffffffffff', int('9007199254740991')],
  ['2^53', '1b0020000000000000', int('9007199254740992')],
  ['2^53 + 1', '1b0020000000000001', int('9007199254740993')],
  ['2^63 - 1, largest amount', '1b7fffffffffffffff', int('9223372036854775807')],
  ['2^64 - 1', '1bffffffffffffffff', int('18446744073709551615')],
  ['-1', '20', int('-1')],
  ['-24', '37', int('-24')],
  ['-25', '3818', int('-25')],
  ['-(2^53 - 1)', '3b001ffffffffffffe', int('-9007199254740991')],
  ['-2^53', '3b001fffffffffffff', int('-9007199254740992')],
  ['-2^63', '3b7fffffffffffffff', int('-9223372036854775808')],
  ['false', 'f4', false],
  ['true', 'f5', true],
  ['null', 'f6', null],
  ['no bytes', '40', { bytes: '' }],
  ['bytes', '43010203', { bytes: '010203' }],
  ['24 bytes', `5818${'ab'.repeat(24)}`, { bytes: 'ab'.repeat(24) }],
  ['256 bytes', `590100${'cd'.repeat(256)}`, { bytes: 'cd'.repeat(256) }],
  ['no text', '60', text('')],
  ['ASCII', '63554148', text('UAH')],
  ['Cyrillic', '6cd0b3d180d0b8d0b2d0bdd18f', text('гривня')],
  ['astral plane', '64f09f8cbe', text('\u{1F33E}')],
  ['begins with U+FEFF', '64efbbbf61', text('\uFEFFa')],
  ['zero byte in text', '63610062', text('a\u0000b')],
  ['no items', '80', array()],
  ['items', '83010203', array(int('1'), int('2'), int('3'))],
  ['no entries', 'a0', { map: [] }],
  [
    'short keys first, then bytewise',
    'a4616101616202626161036362626204',
    {
      map: [
        ['a', int('1')],
        ['b', int('2')],
        ['aa', int('3')],
        ['bbb', int('4')],
      ],
    },
  ],
  [
    'keys compared as bytes, not as UTF-16',
    'a264ee8080610164f09f8cbe02',
    {
      map: [
        ['\uE000a', int('1')],
        ['\u{1F33E}', int('2')],
      ],
    },
  ],
  [
    'key that is a name of every object',
    'a16b636f6e7374727563746f7201',
    {
      map: [['constructor', int('1')]],
    },
  ],
  ['depth 12', '818181818181818181818180', nest(11, array())],
];

const BAD: readonly (readonly [name: string, bytes: string, reason: CborFault])[] = [
  ['nothing', '', 'truncated'],
  ['two values', '0000', 'trailing_bytes'],
  ['value and a break', '00ff', 'trailing_bytes'],
  ['0 in one byte', '1800', 'not_shortest_form'],
  ['23 in one byte', '1817', 'not_shortest_form'],
  ['255 in two bytes', '1900ff', 'not_shortest_form'],
  ['65535 in four bytes', '1a0000ffff', 'not_shortest_form'],
  ['2^32 - 1 in eight bytes', '1b00000000ffffffff', 'not_shortest_form'],
  ['-1 in one byte', '3800', 'not_shortest_form'],
  ['length of text in one byte', '780161', 'not_shortest_form'],
  ['length of bytes in two bytes', '59000100', 'not_shortest_form'],
  ['length of array in one byte', '980100', 'not_shortest_form'],
  ['length of map in one byte', 'b801616100', 'not_shortest_form'],
  ['length of key in one byte', 'a178016100', 'not_shortest_form'],
  ['head without its byte', '18', 'truncated'],
  ['head without its last byte', '1b00000001000000', 'truncated'],
  ['text shorter than said', '6261', 'truncated'],
  ['bytes of 2^32 - 1', '5affffffff00', 'truncated'],
  ['bytes of 2^63', '5b800000000000000000', 'truncated'],
  ['array of 2^32 - 1', '9affffffff00', 'truncated'],
  ['array of 2^64 - 1', '9bffffffffffffffff00', 'truncated'],
  ['map of 2^64 - 1', 'bbffffffffffffffff616100', 'truncated'],
  ['array without its last item', '8200', 'truncated'],
  ['key without a value', 'a16161', 'truncated'],
  ['-2^63 - 1', '3b8000000000000000', 'integer_out_of_range'],
  ['-2^64', '3bffffffffffffffff', 'integer_out_of_range'],
  ['head 28', '1c', 'reserved_head'],
  ['head 30 of an array', '9e', 'reserved_head'],
  ['indefinite bytes', '5f4101ff', 'indefinite_length'],
  ['indefinite text', '7f6161ff', 'indefinite_length'],
  ['indefinite array', '9f00ff', 'indefinite_length'],
  ['indefinite map', 'bf616100ff', 'indefinite_length'],
  ['break alone', 'ff', 'indefinite_length'],
  ['half float 0.0', 'f90000', 'float'],
  ['half float NaN', 'f97e00', 'float'],
  ['float 1.0', 'fa3f800000', 'float'],
  ['double 1.5', 'fb3ff8000000000000', 'float'],
  ['undefined', 'f7', 'simple_value'],
  ['simple 0', 'e0', 'simple_value'],
  ['simple 32', 'f820', 'simple_value'],
  ['simple 24, a reserved spelling', 'f818', 'simple_value'],
  ['bignum 1', 'c24101', 'tag'],
  ['date', 'c11a514b67b0', 'tag'],
  ['tag 18 round an array', 'd284404040', 'tag'],
  ['lone continuation byte', '6180', 'bad_utf8'],
  ['two bytes for one of ASCII', '62c0af', 'bad_utf8'],
  ['surrogate', '63eda080', 'bad_utf8'],
  ['above U+10FFFF', '64f4908080', 'bad_utf8'],
  ['cut in the middle of a character', '61d0', 'bad_utf8'],
  ['bad long text', `7821${'61'.repeat(32)}ff`, 'bad_utf8'],
  ['bad key', 'a161ff00', 'bad_utf8'],
  ['keys unsorted', 'a2616200616100', 'keys_unsorted'],
  ['longer key first', 'a262616100616200', 'keys_unsorted'],
  ['keys sorted as UTF-16', 'a264f09f8cbe0264ee80806101', 'keys_unsorted'],
  ['key twice', 'a2616100616101', 'duplicate_key'],
  ['integer key', 'a10000', 'key_not_text'],
  ['bytes as key', 'a1416100', 'key_not_text'],
  ['key __proto__', 'a1695f5f70726f746f5f5fa0', 'key_not_allowed'],
  ['depth 13', '81818181818181818181818180', 'too_deep'],
  ['depth 13 in maps', `${'a16161'.repeat(12)}a0`, 'too_deep'],
  ['depth 4000', `${'81'.repeat(4000)}80`, 'too_deep'],
];

function nest(depth: number, inner: Portable): Portable {
  return depth === 0 ? inner : nest(depth - 1, array(inner));
}

export function cborCases(): CborCase[] {
  return [
    ...GOOD.map(([name, bytes, value]) => ({
      name,
      bytes,
      valid: true,
      value,
      reason: '' as const,
    })),
    ...BAD.map(([name, bytes, reason]) => ({ name, bytes, valid: false, reason })),
  ];
}
