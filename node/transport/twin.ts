/**
 * Two nodes with one key would vote against each other in one name. The presence record that this
 * node finds of itself tells where the other one may be; that it answers with the key is the proof.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Dialer } from './dialer.ts';
import { parseAddress } from './peer-id.ts';

/**
 * @param claimed addresses of this participant that this process did not publish
 * @param own addresses of this process
 * @returns the address at which another node with the same key answers
 */
export async function findTwin(
  claimed: readonly string[],
  own: readonly string[],
  dialer: Dialer,
): Promise<string | undefined> {
  for (const address of claimed) {
    if (own.includes(address) || address.includes('/p2p-circuit')) continue;
    if (await answersAsMyself(address, dialer)) return address;
  }
  return undefined;
}

export function twinError(address: string): GeoError {
  return new GeoError(
    'E008',
    `Another node with this key answers at ${address}. Two nodes with one key would contradict each other: stop one of them.`,
    { fault: 'key_in_use', address },
  );
}

async function answersAsMyself(address: string, dialer: Dialer): Promise<boolean> {
  // Without the identity in the address: libp2p refuses to dial its own before it looks who is there.
  const target = parseAddress(address.replace(/\/p2p\/[^/]+$/, ''));
  try {
    await dialer.dialAddress(target);
    return false;
  } catch (error) {
    return String(error).includes('Can not dial self');
  }
}
