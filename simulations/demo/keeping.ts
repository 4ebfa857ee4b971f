/** How a person goes on after the run. */
import { harmless } from '../../cli/page.ts';
import type { Community } from '../community/community.ts';
import type { Testnet } from '../testnet/supervisor.ts';

const NODES_LISTED = 30;

export const GO_ON = `
Go on
npm run demo -- --keep                 leaves the network running, to be used with the geo command
npm run demo -- --payments 300         pays more; --seed S pays others, the same for the same S
npm run demo -- --community FILE       a community of your own; --processes P carries large ones
npm run demo -- --svg graph.svg        draws who trusts whom and who owes whom
`;

/** With `--keep`: how to talk to the nodes that were left running. */
export function keepText(community: Community, net: Testnet): string {
  const nodes = net.nodes.slice(0, NODES_LISTED);
  const width = Math.max(...nodes.map((node) => node.participant.length));
  const homes = nodes.map(
    ({ participant, home }) =>
      `  ${participant.padEnd(width)}  --home ${shellWord(home.directory)}`,
  );
  const hidden = net.nodes.length - nodes.length;
  if (hidden > 0) homes.push(`  … and ${hidden} more in the same directory`);
  const hasNode = (id: string) => net.nodes.some((node) => node.participant === id);
  const line = community.trustLines.find(({ from, to }) => hasNode(from) && hasNode(to));
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
