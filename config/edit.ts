/** Changes single options in the text of a configuration file; comments and the rest stay as they are. */
import { parseDocument } from 'yaml';
import { GeoError } from '../protocol/errors.ts';

/**
 * @param text the file as it is; empty for a new one
 * @returns the file with these options in this section
 * @throws GeoError E009 `bad_config` if the text is not YAML
 */
export function withOptions(
  text: string,
  section: string,
  values: Readonly<Record<string, string | number | boolean>>,
): string {
  const document = parseDocument(text);
  if (document.errors.length > 0) {
    throw new GeoError(
      'E009',
      `The configuration is not YAML, so nothing was written into it: ${document.errors[0]!.message}`,
      { fault: 'bad_config' },
    );
  }
  for (const [name, value] of Object.entries(values)) document.setIn([section, name], value);
  return document.toString();
}
