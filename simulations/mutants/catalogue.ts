/**
 * Engines that are broken on purpose, one rule each. The simulator must notice every one of them: a
 * checker that finds nothing in these would find nothing at all.
 */
import type { Profile } from '../simulator/faults.ts';
import type { Plan } from '../simulator/plan.ts';
import type { Substitution } from './substitute.ts';

export interface Mutant extends Substitution {
  readonly name: string;
  /** What it does wrong. */
  readonly crime: string;
  /** The weather in which it shows. */
  readonly profile: Profile;
  /** Runs in which it can show; absent: any. */
  readonly shows?: (plan: Plan) => boolean;
}

const isReporting = ({ hub }: Plan) => hub !== undefined && hub.joined.length > 1;
const isMoving = ({ steps }: Plan) => steps.some(({ step }) => step.do === 'move');

export const MUTANTS: readonly Mutant[] = [
  {
    name: 'send-before-sync',
    crime: 'frames go out before the batch that they rest on is on the disk',
    profile: 'crashy',
    file: 'node/engine/hall.ts',
    snippet: 'const result = turn.finish();\n',
    replacement: `const result = turn.finish();
    for (const { to, frame } of result.sendings) this.#ports.transport.send(to, frame);
`,
  },
  {
    name: 'forget-hold-on-restart',
    crime: 'a restart reads the edges without what is held on them',
    profile: 'crashy',
    file: 'node/engine/state.ts',
    snippet: 'const edge = records.decodeRecord(records.EdgeRecord, value);',
    replacement:
      'const edge = { ...records.decodeRecord(records.EdgeRecord, value), heldUp: 0n, heldDown: 0n };',
  },
  {
    name: 'accept-unsigned',
    crime: 'statements are believed without their signature',
    profile: 'hostile',
    file: 'node/engine/attempts/statements.ts',
    snippet: 'if (!isSignedBy(thing, this.#open.voters[voter]!, this.#verify)) {',
    replacement: 'if (isSignedBy === undefined || this.#verify === undefined) {',
  },
  {
    name: 'release-on-timeout',
    crime: 'a voter that said YES releases when its patience ends',
    profile: 'lossy',
    file: 'protocol/machines/voter.ts',
    snippet: '      return ask(state);\n    }\n    case',
    replacement: `      return { state: { ...state, phase: 'ABORTED' }, actions: [{ do: 'release' }] };
    }
    case`,
  },
  {
    name: 'apply-twice',
    crime: 'a repeated COMMIT is applied again',
    profile: 'lossy',
    file: 'protocol/machines/voter.ts',
    snippet: `      return { state, actions: [] };
    case 'COMMITTED':
      return { state, actions: [] };
  }
}

function commit(`,
    replacement: `      return { state, actions: [] };
    case 'COMMITTED':
      return { state, actions: [{ do: 'apply' }] };
  }
}

function commit(`,
  },
  {
    name: 'ignore-policy',
    crime: 'a line carries payments of others although its owner does not want that',
    profile: 'calm',
    file: 'protocol/ledger/reservation.ts',
    snippet: 'if (hop.intermediate && !line.policy.can_be_intermediate) {',
    replacement: 'if (hop.intermediate && line.policy === undefined) {',
  },
  {
    name: 'count-one-route',
    crime: 'of several routes only the first is held and applied',
    profile: 'calm',
    file: 'protocol/machines/manifest.ts',
    snippet: 'const hops = hopsOf(found.routes);',
    replacement: 'const hops = hopsOf(found.routes.slice(0, 1));',
  },
  {
    name: 'skip-digest',
    crime: 'the digest of an edge does not grow with what is applied',
    profile: 'calm',
    file: 'protocol/ledger/edge.ts',
    snippet: 'digest: sumOf(hashToBytes(edge.digest), sha256(item)),',
    replacement:
      'digest: item.length === 0 ? sumOf(hashToBytes(edge.digest), sha256(item)) : edge.digest,',
  },
  {
    name: 'certificate-after-withdrawal',
    crime: 'a voter that has withdrawn takes the certificate alone as the outcome (trap 1)',
    profile: 'partition',
    file: 'protocol/machines/voter.ts',
    snippet: 'if (certificate && another) return commit(state, false);',
    replacement: 'if (certificate) return commit(state, true);',
  },
  {
    name: 'coordinator-final-at-own-yes',
    crime: 'the coordinator applies at its own YES (trap 2)',
    profile: 'partition',
    file: 'protocol/machines/coordinator.ts',
    snippet: `          { do: 'sign', what: 'yes' },
          { do: 'send', message: 'commit', to: everyone },`,
    replacement: `          { do: 'sign', what: 'yes' },
          { do: 'apply' },
          { do: 'send', message: 'commit', to: everyone },`,
  },
  {
    name: 'ask-once',
    crime: 'a timer that fires does not set the next one',
    profile: 'partition',
    file: 'node/engine/attempts/attempts.ts',
    snippet: '      tries: known.tries + 1,\n',
    replacement: '      tries: known.tries,\n',
  },
  {
    name: 'pay-again',
    crime: 'a command that is repeated after its payment has ended is a new payment',
    profile: 'lossy',
    file: 'node/payments/payments.ts',
    snippet: 'if (paid !== undefined) return hashFromBytes(paid);',
    replacement: 'if (paid !== undefined && paid.length === 0) return hashFromBytes(paid);',
  },
  {
    name: 'two-attempts-of-one-order',
    crime: 'a voter says YES to two live attempts of one order',
    profile: 'hostile',
    file: 'node/engine/attempts/admission.ts',
    snippet: "if (phase !== undefined && phase !== 'ABORTED') {",
    replacement: "if (phase === 'COMMITTED') {",
  },
  {
    name: 'hold-nothing',
    crime: 'capacity is checked against debts alone, not against what is held',
    profile: 'calm',
    file: 'protocol/ledger/edge.ts',
    snippet: 'debtOf(edge, creditor) - heldFor(edge, debtor);',
    replacement: 'debtOf(edge, creditor) - 0n * heldFor(edge, debtor);',
  },
  {
    name: 'begin-anew',
    crime: 'a record that a frame asks for under a false name is begun a second time',
    profile: 'hostile',
    file: 'node/engine/attempts/lost-records.ts',
    snippet: '    if (known !== undefined) return known;\n    const me',
    replacement: '    if (known?.tries === -1) return known;\n    const me',
  },
  {
    name: 'forget-outcome',
    crime:
      'an aborted attempt is forgotten: who asks later is told that it was never heard of (trap 3)',
    profile: 'lossy',
    file: 'node/engine/turn.ts',
    snippet:
      '  attempt(hash: Hash): Attempt | undefined {\n    return (\n      this.#attempts.get(hash) ?? this.#state.attempts.get(hash) ?? this.#state.readAttempt(hash)\n    );',
    replacement:
      '  attempt(hash: Hash): Attempt | undefined {\n    return (\n      this.#attempts.get(hash) ?? this.#state.attempts.get(hash)\n    );',
  },
  {
    name: 'turn-debt-round',
    crime: 'a clearing takes more than is owed',
    profile: 'calm',
    file: 'protocol/ledger/clearing.ts',
    snippet: '  if (amount <= available) return undefined;',
    replacement: '  if (amount <= available || available >= 0n) return undefined;',
  },
  {
    name: 'clearing-over-payments',
    crime: 'a clearing does not see what payments under way work off',
    profile: 'lossy',
    file: 'protocol/ledger/clearing.ts',
    snippet: 'debtOf(edge, debtor) - heldFor(edge, creditor);',
    replacement: 'debtOf(edge, debtor) - 0n * heldFor(edge, creditor);',
  },
  {
    name: 'ignore-consent',
    crime: 'debts are cleared of people who want to be asked first, and were not',
    profile: 'calm',
    file: 'node/engine/attempts/clearing-admission.ts',
    snippet: 'if (hasConsent(turn, open, creditor, context)) return undefined;',
    replacement:
      'if (hasConsent(turn, open, creditor, context) || open.amount > 0n) return undefined;',
  },
  {
    name: 'anyones-consent',
    crime: 'the consent of one participant counts for another',
    profile: 'lossy',
    file: 'node/engine/attempts/clearing-admission.ts',
    snippet: '      pidFromPublicKey(key) === participant &&',
    replacement: '      pidFromPublicKey(key).length + participant.length > 0 &&',
  },
  {
    name: 'agree-unasked',
    crime: 'a node signs consent for a person who wants to be asked',
    profile: 'lossy',
    file: 'node/clearing/readiness.ts',
    snippet: 'if (asksFirst(owed!, participant)) asks.push(participant);',
    replacement: 'if (asksFirst(owed!, participant) && asks.length < 0) asks.push(participant);',
  },
  {
    name: 'index-believes-anyone',
    crime: 'a hub takes over what a member reports of an edge that is none of its own',
    profile: 'hostile',
    file: 'node/hub/reports.ts',
    snippet: "if (low !== high && agents.isAgent(from, low)) return 'low';",
    replacement: "if (low !== high && agents !== undefined) return 'low';",
  },
  {
    name: 'pay-for-suspended',
    crime: 'a hub carries out payments of a member that it has suspended',
    profile: 'calm',
    file: 'node/engine/attempts/admission.ts',
    snippet: 'if (payerBar !== undefined) return barred(payerBar);',
    replacement: 'if (payerBar !== undefined && open.amount < 0n) return barred(payerBar);',
  },
  {
    name: 'carry-for-suspended',
    crime: 'a hub brings new debt to the edges of a member that it has suspended',
    profile: 'calm',
    file: 'node/engine/attempts/admission.ts',
    snippet: 'if (bar === undefined || newDebt === 0n) return undefined;',
    replacement: 'if (bar === undefined || newDebt < 1n << 62n) return undefined;',
  },
  {
    name: 'shorten-unasked',
    crime: 'a chain is shortened although a line of it does not allow that',
    profile: 'calm',
    file: 'protocol/ledger/clearing.ts',
    snippet: 'return lineOf(edge, owner)?.policy.allow_shortening === true;',
    replacement: 'return lineOf(edge, owner) !== undefined;',
  },
  {
    name: 'shorten-over-limit',
    crime: 'the debt that comes instead of a chain may be larger than its line',
    profile: 'calm',
    file: 'node/engine/attempts/clearing-admission.ts',
    snippet: 'checkSum(edge, changeFor(edge, hop.debtor, hop.amount), open, turn.now, context)',
    replacement: '(changeFor === undefined || checkSum === undefined ? undefined : undefined)',
  },
  {
    name: 'ignore-clearing-limit',
    crime: 'one clearing takes more of a debt than its line allows',
    profile: 'calm',
    file: 'protocol/ledger/clearing.ts',
    snippet: 'return most === undefined || most > free ? free : most;',
    replacement: 'return most === undefined || most >= 0n ? free : most;',
  },
  {
    name: 'any-length',
    crime: 'a node takes part in longer cycles than it is set to',
    profile: 'calm',
    file: 'node/engine/attempts/clearing-admission.ts',
    snippet: 'if (proposal.cycle.length > longest) {',
    replacement: 'if (proposal.cycle.length > 10 * longest) {',
  },
  {
    name: 'vote-for-the-left',
    crime: 'a hub votes in the name of a member that has gone to another agent',
    profile: 'lossy',
    shows: isMoving,
    file: 'node/engine/attempts/admission.ts',
    snippet: 'return namesRightly(open, context) ? undefined : WRONG_AGENT;',
    replacement:
      'return namesRightly(open, context) || open.bytes.length > 0 ? undefined : WRONG_AGENT;',
  },
  {
    name: 'any-agent',
    crime: 'a voter does not look who votes for the other end of its edge',
    profile: 'lossy',
    shows: isMoving,
    file: 'node/engine/attempts/admission.ts',
    snippet:
      "  if (word?.type === 'AGENT_GRANT') {\n    if (shown !== undefined && sameBytes(shown.bytes, word.envelope)) return undefined;",
    replacement:
      '  if (word?.type !== undefined) {\n    if (shown === undefined || !sameBytes(shown.bytes, word.envelope)) return undefined;\n    return undefined;',
  },
  {
    name: 'leave-in-the-middle',
    crime: 'a hub lets a member go while a payment over its lines is under way',
    profile: 'lossy',
    shows: isMoving,
    file: 'node/engine/agents.ts',
    snippet:
      'if (this.served(member) !== (next.agent === publicKey)) this.#requireAtRest(turn, member);',
    replacement: 'if (next.sequence === 0) this.#requireAtRest(turn, member);',
  },
  {
    name: 'keep-an-edge',
    crime: 'a hub keeps the receipts of one edge of a member that leaves it',
    profile: 'calm',
    shows: isMoving,
    file: 'node/doors/moving.ts',
    snippet: '    for (const edge of edges) {\n      for await (const [, value]',
    replacement: '    for (const edge of edges.slice(1)) {\n      for await (const [, value]',
  },
  {
    name: 'half-a-batch',
    crime: 'what belongs together is written in two batches',
    profile: 'crashy',
    file: 'node/engine/group-commit.ts',
    snippet: 'await this.#store.write(ops);\n',
    replacement: `const half = ops.length >> 1;
          if (half > 0) await this.#store.write(ops.slice(0, half));
          await this.#store.write(ops.slice(half));
`,
  },
  {
    name: 'believe-the-first-report',
    crime: 'a hub takes over what a member reports first, and nothing that it reports later',
    profile: 'lossy',
    shows: isReporting,
    file: 'node/hub/reports.ts',
    snippet: 'if (body.sequence <= (this.#newest.get(reporter) ?? 0)) return;',
    replacement: 'if (this.#newest.has(reporter)) return;',
  },
  {
    name: 'never-equal-again',
    crime:
      'a node that has had to fetch receipts takes no books for equal any more, and refuses whatever goes over them',
    profile: 'crashy',
    shows: isReporting,
    file: 'node/engine/edges/sync.ts',
    snippet: '    watch.compared = true;\n    watch.stuck = 0;',
    replacement: '    watch.compared = this.#recovered === 0;\n    watch.stuck = 0;',
  },
  {
    name: 'answer-with-a-question',
    crime: 'who is asked for its book asks for the other one in its answer',
    profile: 'calm',
    file: 'node/engine/edges/sync.ts',
    snippet: 'if (theirs.answer) this.#sendDigest(turn, from, edge, false);',
    replacement: 'this.#sendDigest(turn, from, edge, true);',
  },
];
