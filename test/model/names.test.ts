import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isEnvironmentName,
  isFilePath,
  isModelName,
  isPointerName,
  isVersion,
  namePatterns,
} from '../../src/model/names.ts';

const long = (length: number): string => 'a'.repeat(length);

describe('names', () => {
  it.each<[string, (text: string) => boolean, string[], string[]]>([
    [
      'models',
      isModelName,
      ['a', 'digits', 'resnet-50_v1.5', '0', 'constructor', long(64)],
      ['', '-a', 'a-', 'a..b', 'A', 'a/b', 'a b', 'ä', 'con', 'nul.v2', long(65), 'a\n', '__proto__'],
    ],
    ['environments', isEnvironmentName, ['local', 'eu-1', long(32)], ['', 'a_b', 'a.b', 'Prod', 'aux', '-', long(33)]],
    [
      'files',
      isFilePath,
      ['model.onnx', 'A/b/c/d', 'labels_v1.json', '-x', long(127), 'a/manifest.json'],
      [
        '',
        '.env',
        'a/.env',
        '..',
        'a/../b',
        '/a',
        'a/',
        'a//b',
        'a/b/c/d/e',
        'a.',
        'a./b',
        'a b',
        'a\\b',
        'C:a',
      ].concat(['manifest.json', 'Manifest.JSON', 'artifacts', 'Artifacts/x', 'COM1.txt', 'a/lpt9', long(128), 'é']),
    ],
    [
      'pointers',
      isPointerName,
      ['current.json', 'eu-staging.json'],
      ['current', '.json', 'a.b.json', 'A.json', 'con.json'],
    ],
    [
      'versions',
      isVersion,
      ['0.0.0', '1.10.2', '1.0.0-rc.1', '1.0.0-0.a-b', '1.1.0-pr.12.abc1234'],
      ['1.0', 'v1.0.0', '01.0.0', '1.0.0-01', '1.0.0+b', '1.0.0-', '1.0.0-a..b', '1.0.0 ', `1.0.0-${long(128)}`],
    ],
  ])('of %s come from a closed alphabet', (_what, isName, good, bad) => {
    expect(good.filter((text) => !isName(text))).toEqual([]);
    expect(bad.filter((text) => isName(text))).toEqual([]);
  });

  it('take for a version what the pattern takes that editors get', () => {
    const { version } = namePatterns;
    const near = fc.array(fc.constantFrom('0', '1', '12', '.', '-', 'a', 'Z', '01', '+', '\n', '1.2.3', '123456789'));
    const texts = fc.oneof(
      fc.stringMatching(version),
      near.map((parts) => parts.join('')),
      fc.string(),
    );
    fc.assert(
      fc.property(texts, (text) => isVersion(text) === (text.length <= 128 && version.test(text))),
      { numRuns: 3000 },
    );
  });
});
