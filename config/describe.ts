/**
 * The reference page of all options, made from `config/node.ts`.
 * `node config/describe.ts` writes `docs/CONFIGURATION.md`; a test checks that the page is current.
 */
import { writeFileSync } from 'node:fs';
import { CONFIG_RULES, OPTIONS, type Option, SECTION_TITLES, unitOf } from './node.ts';

const PAGE = new URL('../docs/CONFIGURATION.md', import.meta.url);

const INTRODUCTION = `# Configuration

*Made from \`config/node.ts\` by \`node config/describe.ts\`. Do not edit this page.*

Every option has a default; a node runs without any configuration. Values come from, each overruling
the one before:

1. the defaults below;
2. a YAML file: \`<home>/config.yaml\` if it exists, or the file given with \`--config\`;
3. environment variables, named in the tables (lists separated by commas; an empty variable counts as not set);
4. flags: \`--set limits.unknown_peers=10\`, as often as needed.

The file has the same sections and names; options of "Addresses" stand at its top level:

\`\`\`yaml
listen: [/ip4/0.0.0.0/tcp/4848]
limits:
  unknown_peers: 10
\`\`\`

A value outside its bounds, an unknown name or a contradiction stops the daemon before it touches
anything; all faults are listed at once, each with its place. \`geo config show\` prints what is in
force. More examples: \`config/examples/\`. What all nodes must share (frame size, hops, voters …) is
not configured: see \`protocol/limits.ts\`.
`;

/** The whole page, as Markdown. */
export function describeConfig(): string {
  const sections = Object.entries(SECTION_TITLES).map(([section, title]) => {
    const options = OPTIONS.filter((option) => option.section === section);
    const name = section === '' ? '' : ` (\`${section}\`)`;
    const head =
      '| option | default | allowed | unit | environment | meaning |\n|---|---|---|---|---|---|';
    return `## ${title}${name}\n\n${head}\n${options.map(row).join('\n')}\n`;
  });
  const rules = CONFIG_RULES.map(({ keys, sentence }) => {
    return `- ${keys.map((key) => `\`${key}\``).join(', ')}: ${sentence}.`;
  });
  return [INTRODUCTION, ...sections, `## Rules between options\n\n${rules.join('\n')}\n`].join(
    '\n',
  );
}

function row(option: Option): string {
  const value = JSON.stringify(option.default);
  const cells = [
    `\`${option.name}\``,
    `\`${value}\``,
    option.allowed,
    unitOf(option.name),
    `\`${option.environment}\``,
    option.meaning,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

if (import.meta.main) writeFileSync(PAGE, describeConfig());
