/** `geo hub init`: makes the node of this home the hub of a community, by its configuration. */
import { command, value } from '../command.ts';
import { facts } from '../page.ts';
import { anyText, oneOf } from '../read.ts';

export const hubInitCommand = command({
  words: 'hub init',
  group: 'The hub of a community',
  summary: 'Make the node of this home the hub of a community',
  details:
    'Writes the section `hub` of config.yaml in the home directory; everything else in the file stays. Takes effect at the next start. docs/OPERATOR.md has what to do then.',
  examples: [
    'geo hub init --name "The village"',
    'geo hub init --name "The village" --admission code --about "whoever lives by the mill"',
  ],
  options: {
    name: value('--name <TEXT>', 'name of the community', anyText),
    about: value('--about <TEXT>', 'what it is about', anyText),
    admission: value(
      '--admission <RULE>',
      'open, code or approval: whom the hub takes in',
      oneOf('open', 'code', 'approval'),
    ),
  },
  local: true,
  run: async ({ home, terminal }, _given, { name, about, admission }) => {
    const { readFile } = await import('node:fs/promises');
    const { loadConfig } = await import('../../config/load.ts');
    const { withOptions } = await import('../../config/edit.ts');
    const { PUBLIC_FILE_MODE, writeFileAtomically } = await import('../../node/platform/files.ts');
    const { readPublicIdentity } = await import('../../node/home/keyring.ts');
    const { pid } = await readPublicIdentity(home.directory);
    const values = {
      enabled: true,
      ...(name === undefined ? {} : { name }),
      ...(about === undefined ? {} : { description: about }),
      ...(admission === undefined ? {} : { admission }),
    };
    // A value that the node would refuse must not get into the file.
    const flags = Object.entries(values).map(([option, text]) => `hub.${option}=${text}`);
    const { hub } = loadConfig({ home: home.directory, env: terminal.env, flags });
    const text = await readFile(home.configFile, 'utf8').catch((error: { code?: string }) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    await writeFileAtomically(home.configFile, withOptions(text, 'hub', values), {
      mode: PUBLIC_FILE_MODE,
    });
    return {
      json: { pid, file: home.configFile, ...hub },
      text: (page) =>
        facts(page, [
          ['hub', pid, 'bold'],
          ['community', hub.name || 'no name'],
          ['admission', hub.admission],
          ['written to', home.configFile],
          ['next', 'geo start, then geo hub equivalents add CODE --precision N and geo hub invite'],
        ]),
    };
  },
});
