/** Values of command-line options, from text. Amounts stay text: only the node knows their precision. */
import { usageError } from './exit.ts';

export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= min && number <= max)) {
      throw usageError(`"${text}" is not a whole number from ${min} to ${max}.`);
    }
    return number;
  };
}

export function onOff(text: string): boolean {
  return oneOf('on', 'off')(text) === 'on';
}

export function oneOf<const Choice extends string>(
  ...choices: readonly Choice[]
): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((each) => each === text);
    if (choice === undefined) throw usageError(`"${text}" is not one of ${choices.join(', ')}.`);
    return choice;
  };
}

export function anyText(text: string): string {
  return text;
}

/** `NAME=TEXT` pairs to a record. */
export function pairs(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1) throw usageError(`"${text}" is not of the form NAME=TEXT.`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}
