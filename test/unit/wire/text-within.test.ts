import { expect, it } from 'vitest';
import { textWithin } from '../../../protocol/wire/text-within.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text).length;

it.each([
  ['what fits', 'a route', 7, 'a route'],
  ['one letter too many', 'a longer route', 13, 'a longe…'],
  ['letters of two bytes', 'дорога', 10, 'до…'],
  ['signs of four bytes', '🚲🚲🚲', 11, '🚲…'],
])('%s', (_what, text, bytes, expected) => {
  expect(textWithin(text, bytes)).toBe(expected);
  expect(bytesOf(expected)).toBeLessThanOrEqual(bytes);
});
