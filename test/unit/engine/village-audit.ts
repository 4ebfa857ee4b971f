/** What must hold in a village once it is calm, whatever happened before (docs/PROTOCOL.md, "Invariants"). */
import type { Village } from './harness.ts';

/** @returns what is wrong, one sentence each; every node must be up */
export async function faultsOf(village: Village): Promise<string[]> {
  const faults: string[] = [];
  const net = new Map<string, number>();
  const nameOf = new Map(village.names.map((name) => [village.pid(name), name]));
  for (const name of village.names) {
    const status = village.service(name).status();
    if (status.attempts_live > 0) faults.push(`${name}: ${status.attempts_live} attempts are live`);
    if (status.outbox > 0) faults.push(`${name}: ${status.outbox} messages wait`);
    for (const row of village.service(name).books()) {
      const peer = nameOf.get(row.peer);
      // A hosted member has no books of its own to compare.
      if (peer === undefined) continue;
      const theirs = village
        .service(peer)
        .books()
        .find((each) => each.peer === village.pid(name) && each.equivalent === row.equivalent);
      if (Number(row.held) !== 0) faults.push(`${name}: ${row.held} is held towards ${peer}`);
      if (row.frozen) faults.push(`${name}: the edge with ${peer} is disputed`);
      if (theirs === undefined) faults.push(`${peer} has no edge with ${name}`);
      else {
        const same =
          Number(theirs.balance) === -Number(row.balance) &&
          theirs.count === row.count &&
          theirs.digest === row.digest &&
          theirs.limit_given === row.limit_received;
        if (!same) faults.push(`${name} and ${peer} have different books`);
      }
      net.set(row.equivalent, (net.get(row.equivalent) ?? 0) + Number(row.balance));
    }
    for (const { name: invariant, held, detail } of await village.service(name).audit()) {
      if (!held) faults.push(`${name}: ${invariant}: ${detail}`);
    }
  }
  for (const [equivalent, sum] of net) {
    if (Math.abs(sum) > 0.001) faults.push(`net positions in ${equivalent} sum to ${sum}`);
  }
  for (const line of village.log) {
    if (line.message === 'a message made the node stumble') {
      faults.push(`${line.node} stumbled: ${String(line.fields.error)}`);
    }
  }
  return faults;
}
