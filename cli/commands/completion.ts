/** Completion of commands in a shell. */
import { command, type Row } from '../command.ts';
import { completionScript, SHELLS } from '../completion.ts';
import { oneOf } from '../read.ts';

/** @param rows the table that it completes */
export const completionCommand = (rows: () => readonly Row[]) =>
  command({
    words: 'completion',
    group: 'Identity and configuration',
    summary: 'Print a script that completes commands and options in a shell',
    details: 'It is made from the same table as the help; print it again after an upgrade.',
    examples: ['geo completion bash > ~/.local/share/bash-completion/completions/geo'],
    arguments: { SHELL: 'bash, zsh or fish' },
    local: true,
    run: async (_context, { SHELL }) => {
      const shell = oneOf(...SHELLS)(SHELL);
      const script = completionScript(shell, rows());
      return { json: { shell, script }, text: () => script.trimEnd() };
    },
  });
