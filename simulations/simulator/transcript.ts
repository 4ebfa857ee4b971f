/** A run as a person reads it: one line for every frame, batch, crash and restart that tells something. */

import type { StoreOp } from '../../node/ports.ts';
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import { short } from '../checkers/findings.ts';
import { bodyOf, partOf, type ReadFrame, readFrame } from '../checkers/frames.ts';
import { hexOf, payloadOf, readAttempt, readEdge, sha256Of } from '../checkers/reading.ts';
import type { SeenHost } from './seen-host.ts';
import type { Loss, Watch } from './watch.ts';
import type { World } from './world.ts';

/** What only keeps connections warm or looks for routes; left out unless asked for. */
const SMALL_TALK = new Set(['PING', 'PONG', 'ROUTE_QUERY', 'ROUTE_REPLY']);

export class Transcript implements Watch {
  readonly lines: string[] = [];
  readonly #world: World;
  readonly #withSmallTalk: boolean;

  constructor(world: World, withSmallTalk = false) {
    this.#world = world;
    this.#withSmallTalk = withSmallTalk;
  }

  say(text: string): void {
    const seconds = (this.#world.time.now / 1_000).toFixed(4).padStart(9);
    this.lines.push(`${seconds}  ${text}`);
  }

  delivered(from: SeenHost, to: SeenHost, frame: Uint8Array): void {
    this.#frame(from, to, frame, '');
  }

  dropped(from: SeenHost, to: SeenHost | undefined, frame: Uint8Array, why: Loss): void {
    this.#frame(from, to, frame, `   (${why})`);
  }

  written(host: SeenHost, ops: readonly StoreOp[], acknowledged: boolean): void {
    const told = ops.flatMap((op) => (op.type === 'put' ? this.#record(op.key, op.value) : []));
    const crash = acknowledged ? '' : '   (kept, unheard)';
    for (const text of told) this.say(`${host.name}            ${text}${crash}`);
  }

  vanished(host: SeenHost, _ops: readonly StoreOp[], why: string): void {
    this.say(`${host.name}            a batch is lost (${why})`);
  }

  started(host: SeenHost): void {
    this.say(`${host.name}            STARTS (${host.incarnation})`);
  }

  crashed(host: SeenHost): void {
    this.say(`${host.name}            CRASHES`);
  }

  alarm(host: SeenHost | undefined, text: string): void {
    this.say(`${host?.name ?? ''}            ALARM ${text}`);
  }

  #frame(from: SeenHost, to: SeenHost | undefined, bytes: Uint8Array, remark: string): void {
    const frame = readFrame(bytes);
    if (!this.#withSmallTalk && SMALL_TALK.has(frame.name ?? '')) return;
    const text = `${from.name} → ${to?.name ?? '?'}   ${frame.name ?? 'unknown'} ${this.#readable(frame)}`;
    this.say(`${text.trimEnd()}${remark}`);
  }

  /** Hostile nodes send what cannot be read. */
  #readable(frame: ReadFrame): string {
    try {
      return this.#about(frame);
    } catch {
      return '(unreadable)';
    }
  }

  #about(frame: ReadFrame): string {
    switch (partOf(frame.name) ?? frame.name) {
      case 'vote': {
        const { manifest, yes, fault } = statement(frame.body);
        return `${name(manifest)} ${yes === true ? 'YES' : `NO ${String(fault)}`}`;
      }
      case 'applied': {
        const { manifest, first_hand } = statement(frame.body);
        return `${name(manifest)} applied${first_hand === true ? ', first-hand' : ''}`;
      }
      case 'WITHDRAW':
        return name(statement(frame.body).manifest);
      case 'prepare':
      case 'STATUS_QUERY':
      case 'WITHDRAW_REQUEST': {
        const body = bodyOf(frame);
        const round = body.round === undefined ? '' : ` round ${String(body.round)}`;
        return `${short(sha256Of(body.manifest as Uint8Array))}${round}${evidence(body)}`;
      }
      case 'commit':
      case 'abort': {
        const body = bodyOf(frame);
        return `${name(body.manifest)}${evidence(body)}`;
      }
      case 'STATUS_REPLY': {
        const body = bodyOf(frame);
        return `${name(body.manifest)} ${String(body.stance)} round ${String(body.round)}${evidence(body)}`;
      }
      case 'CLEARING_PROPOSE': {
        const { cycle, amount } = statement(frame.body);
        return `${short(sha256Of(payloadOf(frame.body)))} a cycle of ${(cycle as unknown[]).length}, ${String(amount)}`;
      }
      case 'CLEARING_ACCEPT':
      case 'CLEARING_REJECT': {
        const { tx, amount, fault } = statement(frame.body);
        return `${name(tx)} ${String(amount ?? fault)}`;
      }
      case 'TRUST_LINE_CREATE':
      case 'TRUST_LINE_UPDATE':
      case 'TRUST_LINE_CLOSE': {
        const { limit, status, sequence } = statement(frame.body);
        return `limit ${String(limit)} ${String(status)} version ${String(sequence)}`;
      }
      case 'TRUST_LINE_ACK': {
        const body = bodyOf(frame);
        return `version ${String(body.sequence)} ${body.accepted === true ? 'taken' : String(body.fault)}`;
      }
      case 'ERROR': {
        const body = bodyOf(frame);
        return `${String(body.code)} ${String(body.fault)} about ${String(body.about)}`;
      }
      default:
        return '';
    }
  }

  #record(key: string, value: Uint8Array): string[] {
    const [kind, rest = ''] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
    if (kind === 'attempt') {
      const { phase, evidence: seen } = readAttempt(value);
      const sets = Object.entries(seen)
        .filter(([, set]) => set !== 0n)
        .map(([what, set]) => `${what} ${set.toString(2)}`);
      return [`disk: attempt ${short(rest)} ${phase}  ${sets.join(', ')}`];
    }
    if (kind === 'edge') {
      const edge = readEdge(value);
      const side = `${this.#nameOf(edge.low)}/${this.#nameOf(edge.high)}`;
      const held =
        edge.heldUp + edge.heldDown > 0n ? ` held +${edge.heldUp} -${edge.heldDown}` : '';
      const limits = `limits ${edge.lowLine?.limit ?? '-'} ${edge.highLine?.limit ?? '-'}`;
      return [`disk: edge ${side} ${edge.equivalent} balance ${edge.balance}${held} ${limits}`];
    }
    if (kind === 'tx') {
      const { state, reason, clearing } = decode(value) as CborMap;
      const why = reason === undefined ? '' : ` (${String((reason as CborMap).fault)})`;
      return [
        `disk: ${clearing === undefined ? 'payment' : 'clearing'} ${short(rest)} ${String(state)}${why}`,
      ];
    }
    return [];
  }

  #nameOf(hex: string): string {
    return this.#world.hosts.find((host) => host.identity.hex === hex)?.name ?? short(hex);
  }
}

function statement(envelope: Uint8Array): CborMap {
  return decode(payloadOf(envelope)) as CborMap;
}

function name(manifest: unknown): string {
  return short(hexOf(manifest as Uint8Array));
}

function evidence(body: CborMap): string {
  const bundle = body.evidence as { readonly [kind: string]: readonly unknown[] } | undefined;
  if (bundle === undefined) return '';
  const counts = Object.entries(bundle).filter(([, list]) => list.length > 0);
  return counts.length === 0
    ? ''
    : `  [${counts.map(([kind, list]) => `${list.length} ${kind}`).join(', ')}]`;
}
