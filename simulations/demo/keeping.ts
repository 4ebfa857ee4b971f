/** With `--keep`: how a person talks to the nodes that were left running. */
import { harmless } from '../../cli/page.ts';
import type { Community } from '../community/community.ts';
import type { Testnet } from '../testnet/supervisor.ts';

const NODES_LISTED = 30;

export function keepText(community: Community, net: Testnet): string {
  const nodes = net.nodes.slice(0, NODES_LISTED);
  const width = Math.max(...nodes.map((node) => node.participant.length));
  const homes = nodes.map(
    ({ participant, home }) =>
      `  ${participant.padEnd(width)}  --home ${shellWord(home.directory)}`,
  );
  const hidden = net.nodes.length - nodes.length;
  if (hidden > 0) homes.push(`  … and ${hidden} more in the same directory`);
  const line = community.trustLines[0];
  const payer = net.node(line?.to ?? nodes[0]!.participant);
  const geo = `npm run -s geo -- --home ${shellWord(payer.home.directory)}`;
  const examples = [`${geo} status`, `${geo} trust list`, `${geo} debts`];
  if (line !== undefined) {
    const payee = net.node(line.from).identity.pid;
    examples.push(`${geo} pay ${payee} 1 ${line.equivalent}`);
  }
  const texts = [
    '\nThe network is left running; in another terminal each node can be used by its home:',
    ...homes.map(harmless),
    `\nFor example as ${payer.participant}:`,
    ...examples.map((example) => `  ${harmless(example)}`),
    '\nCtrl-C here stops all of them.',
  ];
  return `${texts.join('\n')}\n`;
}

/** As a POSIX shell reads it back. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
