/** What the audit log keeps of options: what each was and is, and nothing that is secret. */
import { describe, expect, it } from 'vitest';
import { changedOptions, notedOptions } from '../../../node/integrity/noted-options.ts';

const webhook = (config: object) => ({ load: [{ use: 'webhook', grant: ['events'], config }] });

describe('options as the audit log keeps them', () => {
  it('say what was before and what is now, name by name', () => {
    const before = notedOptions({ version: '0.1.0', hub: { name: 'A', enabled: true, old: 1 } });
    const now = notedOptions({ version: '0.2.0', hub: { name: 'B', enabled: true, kept: [5] } });
    expect(changedOptions(before, now)).toEqual([
      'hub.kept: not there is now [5]',
      'hub.name: "A" is now "B"',
      'hub.old: 1 is now not there',
      'version: "0.1.0" is now "0.2.0"',
    ]);
    expect(changedOptions(now, now)).toEqual([]);
  });

  it('hold no secret, neither of the node nor of an add-on, and yet a change of one is noticed', () => {
    const before = notedOptions({ api: { token: 'k-one' }, addons: webhook({ key: 'k-two' }) });
    const now = notedOptions({ api: { token: 'k-three' }, addons: webhook({ key: 'k-four' }) });
    expect(JSON.stringify([before, now])).not.toMatch(/k-(one|two|three|four)/);
    expect(changedOptions(before, now)).toEqual([
      'addons.load: changed in what is not shown of [{"use":"webhook","grant":["events"],"config":"[secret]"}]',
      'api.token: changed in what is not shown of "[secret]"',
    ]);
  });

  it('noted by a version that kept digests alone are not told of', () => {
    const now = notedOptions({ hub: { name: 'B' } });
    expect(changedOptions({ 'hub.name': '0123456789abcdef' }, now)).toEqual([]);
  });

  it('are cut where they are long, and a change behind the cut is noticed', () => {
    const long = (end: string) => notedOptions({ hub: { about: 'x'.repeat(500) + end } });
    const [text = '', ...more] = changedOptions(long('a'), long('b'));
    expect(more).toEqual([]);
    expect(text).toMatch(/^hub\.about: changed in what is not shown of "x+…$/);
    expect(text.length).toBeLessThan(200);
  });
});
