/**
 * What a hub keeps of reports (docs/PROTOCOL.md, "Hub routes"): of each edge, from the agent of each end, only
 * what that agent has told. Whether it is true is nobody's promise.
 */
import type { StoreOp } from '../../node/ports.ts';
import { type CborMap, decode, encode } from '../../protocol/wire/cbor.ts';
import type { SeenHost } from '../simulator/seen-host.ts';
import type { Watch } from '../simulator/watch.ts';
import { type Findings, short } from './findings.ts';
import { type ReadFrame, readFrame } from './frames.ts';
import { edgeName, hexOf, payloadOf, sha256Of } from './reading.ts';

export class Reports implements Watch {
  readonly #findings: Findings;
  /** Hashes of what was told: by which end, and the edge as it was told. */
  readonly #told = new Set<string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  sent(from: SeenHost, _to: SeenHost | undefined, bytes: Uint8Array): void {
    const frame = readFrame(bytes);
    if (frame.name !== 'EDGE_REPORT') return;
    for (const edge of edgesIn(frame, from)) {
      for (const end of ['low', 'high'] as const) {
        if (from.serves.has(hexOf(edge[end] as Uint8Array))) this.#told.add(told(end, edge));
      }
    }
  }

  written(host: SeenHost, ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.type !== 'put' || !op.key.startsWith('report/')) continue;
      const record = decode(op.value) as CborMap;
      const edge = record.edge as CborMap;
      if (this.#told.has(told(record.teller as string, edge))) continue;
      const [low, high] = [hexOf(edge.low as Uint8Array), hexOf(edge.high as Uint8Array)];
      const name = edgeName(edge.equivalent as string, short(low), short(high));
      this.#findings.report(
        'reports',
        `${host.name} believes of ${name} what the agent of its ${String(record.teller)} end has not told`,
      );
    }
  }
}

function edgesIn({ body }: ReadFrame, from: SeenHost): CborMap[] {
  try {
    const { edges } = decode(payloadOf(body)) as CborMap;
    if (Array.isArray(edges)) return edges as CborMap[];
  } catch (error) {
    if (!from.isHostile) throw error;
  }
  // Who keeps no rule sends what nobody can read.
  return [];
}

function told(teller: string, edge: CborMap): string {
  return `${teller} ${sha256Of(encode(edge))}`;
}
