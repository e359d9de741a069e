import { describe, expect, it } from 'vitest';
import { formatMark, type Mark } from '../../../src/targets/aws-lambda/names.ts';
import { publishedVersion } from '../../../src/targets/aws-lambda/observe.ts';
import { surplusVersions } from '../../../src/targets/aws-lambda/prune.ts';

const now = new Date('2026-06-01T12:00:00Z');
const minutesAgo = (minutes: number): string => new Date(now.getTime() - minutes * 60_000).toISOString();

function version(number: string, role: Mark['role'] | 'foreign', minutes = 60, until?: string) {
  const mark = {
    role: role as Mark['role'],
    version: role === 'live' ? null : '1.0.0',
    settingsSha256: 'a'.repeat(64),
  };
  const Description = role === 'foreign' ? 'by hand' : formatMark({ ...mark, until });
  return publishedVersion({ Version: number, Description, LastModified: minutesAgo(minutes) });
}

/** What may go of the versions that are there; aliases by name, with their weights. */
const surplus = (versions: ReturnType<typeof version>[], aliases: Record<string, [string, Record<string, number>?]>) =>
  surplusVersions(
    {
      versions,
      aliases: new Map(
        Object.entries(aliases).map(([name, [FunctionVersion, weights]]) => [
          name,
          { FunctionVersion, RoutingConfig: { AdditionalVersionWeights: weights } },
        ]),
      ),
    },
    now,
  );

describe('versions of a function that may go', () => {
  it('are live ones beyond the two before the current one', () => {
    const versions = ['1', '2', '3', '4', '10'].map((number) => version(number, 'live'));
    expect(surplus(versions, { live: ['10'] })).toEqual(['1', '2']);
  });

  it('are never those that an alias names, by weight neither, whoever made the alias', () => {
    const versions = ['1', '2', '3', '4', '5'].map((number) => version(number, 'live'));
    expect(surplus(versions, { live: ['5', { '1': 0.05 }], mine: ['2'] })).toEqual([]);
  });

  it('are candidates that no alias names, once another run has had its time to name them', () => {
    const versions = [version('1', 'candidate', 20), version('2', 'candidate', 10), version('3', 'candidate', 20)];
    expect(surplus(versions, { 'candidate-1_0_0': ['3'] })).toEqual(['1']);
  });

  it('are samples that have run out', () => {
    const versions = [version('1', 'sample', 60, minutesAgo(1)), version('2', 'sample', 1, minutesAgo(-10))];
    expect(surplus(versions, {})).toEqual(['1']);
  });

  it('are never those of other hands', () => {
    expect(
      surplus(
        ['1', '2', '3', '4'].map((number) => version(number, 'foreign')),
        {},
      ),
    ).toEqual([]);
  });
});
