import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exampleRecord, examples } from '../../bench/gate/example-record.ts';
import { renderSvg } from '../../src/gate/pictures/svg.ts';
import type { GateRecord } from '../../src/gate/record/record.ts';
import { errorVerdict } from '../../src/gate/rule/error-verdict.ts';
import { renderMarkdown } from '../../src/gate/words/markdown.ts';
import { renderTerminal, renderTerminalDetails } from '../../src/gate/words/terminal.ts';

const blocked = exampleRecord(examples.regression);
const count = (text: string, part: RegExp) => [...text.matchAll(part)].length;
const judgedOf = (record: GateRecord) => record.samples.filter((s) => !s.discarded && s.status === 'ok').length;

/** Text that would be code, markup or a mention where a renderer let it through. */
const evil = '</text></details><script>alert(1)</script>|`x`\n\u001b[31m# @octocat [a](b)\u202e "\'&';
const hostile: GateRecord = {
  ...blocked,
  model: evil,
  target: evil,
  candidate: { version: evil },
  baseline: { version: evil },
  verdict: { ...blocked.verdict, line: `BLOCK ${evil}`, advice: evil },
  anchor: { version: evil, product: 2 },
  samples: blocked.samples.map((s) => ({
    ...s,
    at: evil,
    node: `${evil}${s.arm}`,
    status: 'failed' as const,
    note: evil,
  })),
};

describe('the terminal', () => {
  it('begins with the verdict in one line', () => {
    expect(renderTerminal(blocked)[0]).toBe(blocked.verdict.line);
    expect(renderTerminalDetails(blocked)).not.toContain(blocked.verdict.line);
  });

  it('draws every judged start as a dot', () => {
    for (const scenario of Object.values(examples)) {
      const record = exampleRecord(scenario);
      const rows = renderTerminal(record).filter((line) => /^(?:baseline {0,2}|candidate| {9}) \| [.: ]*$/.test(line));
      const dots = rows.join('').replace(/baseline|candidate/g, '');
      expect(count(dots, /\./g) + 2 * count(dots, /:/g)).toBe(judgedOf(record));
    }
  });

  it('marks every start that timed out', () => {
    const late = blocked.samples.map((s, at) => (at >= 20 ? { ...s, status: 'timeout' as const, timings: {} } : s));
    const text = renderTerminal({ ...blocked, samples: late }).join('\n');
    expect(count(text, /x/g) - count(renderTerminal(blocked).join('\n'), /x/g)).toBe(4);
  });

  it('prints no control character of a record', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
    expect(renderTerminal(hostile).join('')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  });
});

describe('a base that was patched between the starts', () => {
  const on = (nodeOf: (order: number) => string) =>
    renderTerminal({ ...blocked, samples: blocked.samples.map((s) => ({ ...s, node: nodeOf(s.order) })) }).join('\n');

  it('is named with what each arm ran on, and only where it moved', () => {
    const [first] = blocked.samples;
    const moved = on((order) => (order === first?.order ? '24.19.0' : '24.20.1'));
    expect(moved).toContain('The base moved');
    expect(moved).toContain(`${first?.arm} on Node 24.19.0, 24.20.1`);
    expect(on(() => '24.20.1')).not.toContain('The base moved');
    expect(renderTerminal(blocked).join('\n')).not.toContain('The base moved');
  });
});

describe('the job summary', () => {
  it('lists every start, and draws both arms', () => {
    const text = renderMarkdown(blocked);
    for (const sample of blocked.samples)
      expect(text).toContain(`| ${sample.order} | ${sample.pair} | ${sample.arm} |`);
    expect(count(text, /^ {2}line \[/gm)).toBe(2);
    expect(text).toContain('xychart-beta');
  });

  it('stays far below 1 MiB at the largest size of a record', () => {
    const samples = Array.from({ length: 1000 }, (_, order) => ({ ...blocked.samples[order % 20]!, order }));
    expect(Buffer.byteLength(renderMarkdown({ ...blocked, samples }))).toBeLessThan(128 * 1024);
  });

  it('lets nothing of a record become markup, a mention or a tag', () => {
    const text = renderMarkdown(hostile);
    expect(text).not.toMatch(/<script|@octocat|\[a\]/);
    expect(text).not.toContain('\u001b');
    expect(count(text, /<\/details>/g)).toBe(1);
    expect(count(text, /^# /gm)).toBe(0);
  });
});

describe('the picture', () => {
  it('holds every start as a circle, judged or not', () => {
    for (const scenario of Object.values(examples)) {
      const record = exampleRecord(scenario);
      const svg = renderSvg(record);
      expect(count(svg, /<circle[^>]*class="(?:baseline|candidate)(?: apart)?"/g)).toBe(record.samples.length);
      expect(count(svg, /apart"/g)).toBe(record.samples.filter((s) => s.discarded).length);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it('is the same bytes for the same record, and the committed examples are what it draws', () => {
    for (const [name, scenario] of Object.entries(examples)) {
      const stored = readFileSync(join(import.meta.dirname, `../../docs/gate-${name}.svg`), 'utf8');
      expect(renderSvg(exampleRecord(scenario))).toBe(stored);
    }
  });

  it('lets nothing of a record become markup', () => {
    const svg = renderSvg(hostile);
    expect(svg).not.toContain('<script');
    expect(svg).not.toContain('\u001b');
    expect(count(svg, /<text/g)).toBe(count(svg, /<\/text>/g));
  });
});

describe('records with little in them', () => {
  const empty: GateRecord = { ...blocked, baseline: null, samples: [], verdict: errorVerdict('never cold', 'look') };
  const alone: GateRecord = {
    ...blocked,
    baseline: null,
    samples: blocked.samples.filter((s) => s.arm === 'candidate').slice(0, 1),
  };
  it.each([
    ['nothing was measured', empty],
    ['one start was measured', alone],
  ])('render in every form when %s', (_name, record) => {
    for (const text of [renderTerminal(record).join('\n'), renderMarkdown(record), renderSvg(record)]) {
      expect(text).not.toMatch(/NaN|undefined|Infinity/);
      expect(text.length).toBeGreaterThan(20);
    }
  });
});
