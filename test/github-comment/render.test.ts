import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commentLimit, renderClosed, renderComment } from '../../src/github/comment/render.ts';
import { hostile, hostileTexts, preview, report } from './reports.ts';

const golden = (name: string): string => join(import.meta.dirname, 'golden', `${name}.md`);
const many = (count: number) =>
  Array.from({ length: count }, (_, at) => preview(`model-${at}`, at === 7 ? 'regression' : 'pass'));

describe('the comment', () => {
  it.each(['pass', 'regression', 'inconclusive'] as const)('of a verdict of %s is as it was', async (scenario) => {
    await expect(renderComment(report(preview('digits', scenario)))).toMatchFileSnapshot(golden(scenario));
  });

  it('of several models, failures and missing permissions is as it was', async () => {
    const yaml = 'permissions:\n  deployments: write';
    const warning = {
      code: 'github-permission' as const,
      message: 'GitHub does not let this token record deployments (403). The run continues without.',
      hint: `Add this line to the job's permissions, beside those that are there:\n${yaml}`,
      yaml,
    };
    const failed = {
      name: 'faces',
      version: '2.0.0-pr.12.a1b2c3d',
      state: { kind: 'failed', code: 'unproven', message: 'It did not answer.' },
    } as const;
    const running = {
      name: 'words',
      version: '3.0.0-pr.12.a1b2c3d',
      state: { kind: 'running', doing: 'measuring' },
    } as const;
    const whole = report({ ...preview('digits', 'pass'), url: undefined }, failed, running);
    const notes = ['A pull request from a fork: measured on this runner, nothing is deployed.'];
    await expect(renderComment({ ...whole, notes, warnings: [warning] })).toMatchFileSnapshot(golden('several'));
    const closed = { sha: whole.sha, runUrl: whole.runUrl, removed: ['coldgate-pr-12-digits'], warnings: [warning] };
    await expect(renderClosed(closed)).toMatchFileSnapshot(golden('closed'));
  });

  it('gives up detail before models, and every model keeps its verdict and endpoint', () => {
    const steps: [number, RegExp, RegExp | undefined][] = [
      [1, /All 24 starts/, undefined],
      [14, /```mermaid/, /All 24 starts/],
      [25, /Where a start spends its time/, /```mermaid/],
      [60, /### .* model-59/, /```mermaid/],
      [300, /\| model-299 \|/, /###/],
      [2000, /\| and \d+ more \|/, /###/],
    ];
    for (const [count, has, lacks] of steps) {
      const text = renderComment(report(...many(count)));
      expect([count, text.length <= commentLimit]).toEqual([count, true]);
      expect(text).toMatch(has);
      if (lacks) expect([count, lacks.test(text)]).toEqual([count, false]);
      expect(text.endsWith('</sub>\n')).toBe(true);
      expect(text.includes('everything is in the summary')).toBe(lacks !== undefined);
      const open = text.match(/<details>/g)?.length;
      expect(text.match(/<\/details>/g)?.length).toBe(open);
    }
  });

  it('says of no model that there is nothing', () => {
    expect(renderComment(report())).toMatch(/^## Coldgate: nothing to preview\n/);
  });

  it('stays in its limits and in one piece with any of the hostile texts', () => {
    for (const evil of hostileTexts) {
      const whole = {
        ...report(hostile(evil)),
        notes: [evil],
        warnings: [{ code: 'github-api' as const, message: evil, hint: evil }],
      };
      const text = renderComment(whole);
      expect(text.length).toBeLessThanOrEqual(commentLimit);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2028\u2029\u2066-\u2069]/);
      expect(renderClosed({ sha: evil, runUrl: evil, removed: [evil] })).not.toMatch(/<(?!\/?sub>)/);
    }
  });
});

describe('the call to copy', () => {
  const callOf = (text: string): string => /```+bash\n([\s\S]*?)\n```/.exec(text)?.[1] ?? '';

  it('gives a shell the very body, whatever its names and values hold', () => {
    const folder = mkdtempSync(join(tmpdir(), 'coldgate-curl-'));
    for (const evil of hostileTexts.filter((text) => text.length < 1000)) {
      const inputs = { [evil]: [evil, `touch ${folder}/x`, "';touch x;'", '$(touch x)'] };
      const model = { ...preview('digits', 'pass'), sample: { inputs } };
      const call = callOf(renderComment(report(model)));
      // A shell that prints the words instead of calling.
      const shell = spawnSync('sh', ['-c', `curl() { printf '%s\\n' "$@"; }\n${call}`], {
        cwd: folder,
        encoding: 'utf8',
      });
      const words = shell.stdout.trimEnd().split('\n');
      expect(words.slice(0, 5)).toEqual([
        '-sS',
        'https://digits-k3x7q.lambda-url.eu-west-1.on.aws/v1/infer',
        '-H',
        'content-type: application/json',
        '-d',
      ]);
      expect(JSON.parse(words[5] ?? '')).toEqual({ inputs });
      expect(words).toHaveLength(6);
    }
    expect(existsSync(join(folder, 'x'))).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('folds away what is long, and takes the file where it is no line any more', () => {
    const of = (length: number): string =>
      renderComment(
        report({ ...preview('digits', 'pass'), sample: { inputs: { pixels: new Array(length).fill(0.5) } } }),
      );
    expect(of(3)).not.toContain('Call it');
    expect(of(300)).toContain('<details><summary>Call it</summary>');
    expect(callOf(of(3000))).toBe(
      "jq '{inputs}' 'sample.json' | curl -sS 'https://digits-k3x7q.lambda-url.eu-west-1.on.aws/v1/infer' \\\n  -H 'content-type: application/json' -d @-",
    );
    expect(callOf(renderComment(report({ ...preview('digits', 'pass'), sample: undefined })))).toBe(
      "curl -sS 'https://digits-k3x7q.lambda-url.eu-west-1.on.aws/'",
    );
  });
});
