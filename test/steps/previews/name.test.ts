import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isVersion } from '../../../src/model/names.ts';
import { isPreviewVersion } from '../../../src/model/version.ts';
import { previewFunction, previewNumber, previewVersion } from '../../../src/steps/previews/name.ts';
import { graceMs, orphanReason } from '../../../src/steps/previews/sweep-previews.ts';

const sha = fc.stringMatching(/^[0-9a-f]{40}$/);
const release = fc.constantFrom('1.1.0', '0.0.1', '10.20.30', '1.0.0-rc.1', '2.0.0-pr.1');

describe('names of previews', () => {
  it('are versions whatever the commit, and tell the pull request', () => {
    fc.assert(
      fc.property(release, fc.integer({ min: 1, max: 1e9 }), sha, (version, number, commit) => {
        const made = previewVersion(version, number, commit);
        expect([isVersion(made), isPreviewVersion(made), previewNumber(made)]).toEqual([true, true, number]);
      }),
    );
  });

  it('take digits that would begin with 0 up to the first letter', () => {
    expect(previewVersion('1.1.0', 12, 'a1b2c3d4'.repeat(5))).toBe('1.1.0-pr.12.a1b2c3d');
    expect(previewVersion('1.1.0', 12, `012345678f${'0'.repeat(30)}`)).toBe('1.1.0-pr.12.012345678f');
    expect(previewVersion('1.1.0', 12, '0'.repeat(40))).toBe('1.1.0-pr.12.g0000000');
    expect(previewVersion('1.1.0-rc.1', 12, 'f'.repeat(40))).toBe('1.1.0-rc.1.pr.12.fffffff');
    for (const wrong of ['', 'main', '$(id)', 'A'.repeat(40)]) {
      expect(() => previewVersion('1.1.0', 12, wrong)).toThrowError(expect.objectContaining({ exit: 2 }));
    }
  });

  it('are none of releases', () => {
    for (const version of ['1.0.0', '1.0.0-rc.1', '1.0.0-pr.x.1', '1.0.0-pr.01.abc']) {
      expect(previewNumber(version)).toBeUndefined();
    }
  });

  it('fit every platform, differ by model and number, and say both where they fit', () => {
    expect(previewFunction('digits', 12)).toBe('digits-pr-12');
    const long = ['a', 'b'].map((end) => previewFunction(`${'m'.repeat(62)}${end}`, 123456));
    for (const name of long) expect(name).toMatch(/^[a-z0-9-]{1,38}$/);
    expect(new Set(long).size).toBe(2);
  });
});

describe('orphans', () => {
  const now = new Date('2026-01-31T00:00:00Z');
  const preview = (ageMs: number) => ({
    pullRequest: 7,
    versions: [],
    publishedAt: new Date(now.getTime() - ageMs),
  });
  const day = 24 * 60 * 60 * 1000;

  it('go when their pull request is not open, after an hour of grace', () => {
    const closed = { open: new Set([8]), maxAgeDays: 14, now };
    expect(orphanReason(preview(graceMs + 1), closed)).toContain('#7 is not open');
    expect(orphanReason(preview(graceMs - 1), closed)).toBeUndefined();
    expect(orphanReason(preview(100 * day), { ...closed, open: new Set([7]) })).toBeUndefined();
  });

  it('go by age where nobody knows what is open', () => {
    const unknown = { open: undefined, maxAgeDays: 14, now };
    expect(orphanReason(preview(13 * day), unknown)).toBeUndefined();
    expect(orphanReason(preview(15 * day), unknown)).toContain('older than 14 days');
    expect(orphanReason({ ...preview(0), publishedAt: undefined }, unknown)).toBeUndefined();
  });
});
