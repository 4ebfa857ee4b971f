/** What `store-writer.ts` writes, so that its tests can tell whether it is all there. */
import { createHash } from 'node:crypto';
import type { Store, StoreOp } from '../../node/ports.ts';

/** Write `number`: two entries whose incompressible values follow from it. */
export function entriesOfWrite(number: number, bytes: number): StoreOp[] {
  return ['a', 'b'].map((part) => ({
    type: 'put',
    key: `t/${String(number).padStart(8, '0')}/${part}`,
    value: valueNamed(`${number}/${part}`, bytes),
  }));
}

function valueNamed(name: string, bytes: number): Buffer {
  return createHash('shake256', { outputLength: bytes }).update(name).digest();
}

/**
 * The numbers of the writes that the store holds, ascending.
 * @throws Error if one is there by half or altered
 */
export async function writesIn(store: Store, bytes: number): Promise<number[]> {
  const found = new Map<number, string[]>();
  for await (const [key, value] of store.scan({ gte: 't/', lt: 't0' })) {
    const [, digits = '', part = ''] = key.split('/');
    const number = Number(digits);
    if (!valueNamed(`${number}/${part}`, bytes).equals(value)) throw new Error(`${key} is altered`);
    found.set(number, [...(found.get(number) ?? []), part]);
  }
  for (const [number, parts] of found) {
    if (parts.join() !== 'a,b') throw new Error(`write ${number} is there by half`);
  }
  return [...found.keys()];
}
