/** libp2p's reasons for a failed dial, as refusals that tell a person what to do. */
import { GeoError } from '../../protocol/errors.ts';

function namesOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.map(namesOf) : [];
  return [`${error.name}: ${error.message}`, ...inner].join('; ');
}

/** @param address as the person gave it */
export function dialError(address: string, error: unknown): GeoError {
  if (error instanceof GeoError) return error;
  const reason = namesOf(error);
  const cause = { cause: error };
  // The upgrader wraps this one and keeps nothing but its text.
  if (reason.includes('does not match expected remote identity key')) {
    return new GeoError(
      'E005',
      `Another participant answers at ${address}. Ask the peer for its present address.`,
      { fault: 'wrong_peer', address },
      cause,
    );
  }
  if (/DialDenied|ConnectionIntercepted|blocked by gater/.test(reason)) {
    return peerDenied(address, error);
  }
  if (reason.includes('UnsupportedProtocol')) {
    return new GeoError(
      'E007',
      `Something answers at ${address}, but it does not speak this network's protocol. Check the address, and that both nodes have the same version.`,
      { fault: 'unreachable', address, reason: 'protocol' },
      cause,
    );
  }
  if (/NoValidAddresses|Tried to dial self|Can not dial self/.test(reason)) {
    return new GeoError(
      'E009',
      `${address} cannot be dialled from here: it is this node's own, or of a kind that is switched off.`,
      { fault: 'bad_address', address },
      cause,
    );
  }
  return new GeoError(
    'E007',
    `Nobody could be reached at ${address}. Check that the other node runs and that the address and port are open.`,
    { fault: 'unreachable', address, reason: reason.slice(0, 300) },
    cause,
  );
}

export function peerDenied(address: string, cause?: unknown): GeoError {
  return new GeoError(
    'E006',
    `The peer at ${address} is refused by this node's allow or deny list. Change the list if it should be let in.`,
    { fault: 'peer_denied', address },
    { cause },
  );
}

/** For listening that failed at start. */
export function listenError(addresses: readonly string[], error: unknown): GeoError {
  const reason = error instanceof Error ? error.message : String(error);
  const taken = reason.includes('EADDRINUSE') ? ' Another program uses the port.' : '';
  return new GeoError(
    'E008',
    `This node could not listen on ${addresses.join(', ')}.${taken} Choose another address or port.`,
    { fault: 'listen_failed', addresses },
    { cause: error },
  );
}
