import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { renderClosed, renderComment } from '../../src/github/comment/render.ts';
import { mermaid } from '../emulators/mermaid.ts';
import { describePart } from '../emulators/servers.ts';
import { type Browser, chromium, openBrowser, type Tab } from '../fakes/handler/browser.ts';
import { bringPart } from '../handler/bring-part.ts';
import { type CommentSite, openCommentSite } from './page.ts';
import { hostile, hostileTexts, preview, report } from './reports.ts';

const missing = (await bringPart(chromium)) ?? (await bringPart(mermaid));

/** Set, the picture of docs/ is made again. */
const picture = process.env['COLDGATE_DOCS_PICTURES']
  ? join(import.meta.dirname, '../../docs/github-comment.png')
  : undefined;

/**
 * What GitHub makes of text after Markdown: it links names behind `@`, numbers behind `#` and addresses, everywhere but in
 * code and links.
 */
const linkedLater = `(() => {
  const walker = document.createTreeWalker(document.querySelector('article'), NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { parentElement, data } = walker.currentNode;
    if (parentElement.closest('code, pre, a, svg, style')) continue;
    found.push(...(data.match(/(?:@[a-z0-9]|#\\d|\\bgh-\\d|:\\/\\/|\\bwww\\.).{0,20}/gi) ?? []));
  }
  return found;
})()`;

describePart('chromium', missing, 'the comment in Chromium', () => {
  let browser: Browser;
  let site: CommentSite;
  let tab: Tab;
  beforeAll(async () => {
    browser = await openBrowser();
    site = await openCommentSite();
    tab = await browser.tab(site.url);
    await tab.resize(900, 600);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  async function show(markdown: string): Promise<string[]> {
    site.show(markdown);
    await tab.open(site.url);
    return tab.evaluate<string[]>('window.drawn');
  }
  const count = (selector: string): Promise<number> =>
    tab.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`);
  const textOf = (selector: string): Promise<string> =>
    tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);

  it('shows endpoint, verdict, table and card, and draws the picture of each model', async () => {
    const drawn = await show(renderComment(report(preview('digits', 'pass'), preview('faces', 'regression'))));
    expect(drawn).toEqual(['drawn', 'drawn']);
    expect(
      await count('.mermaid svg[aria-roledescription=xychart] .line-plot-1 path, .mermaid svg .line-plot-1'),
    ).toBeGreaterThanOrEqual(2);
    expect(await textOf('h2')).toBe('– Coldgate: the preview is blocked by the gate');
    expect(await count('a[href="https://digits-k3x7q.lambda-url.eu-west-1.on.aws/"]')).toBe(2);
    expect(await textOf('pre code.language-bash')).toBe(
      `curl -sS 'https://digits-k3x7q.lambda-url.eu-west-1.on.aws/v1/infer' \\\n  -H 'content-type: application/json' -d '{"inputs":{"pixels":[[0,0.25,1,0.5,0,0,0.75,1]]}}'\n`,
    );
    expect(await tab.evaluate(`[...document.querySelectorAll('summary')].map((s) => s.innerText)`)).toEqual([
      ...['Where a start spends its time', 'All 24 starts, ms', 'Model card'],
      ...['Where a start spends its time', 'All 24 starts, ms', 'Model card'],
    ]);
    await tab.evaluate(`document.querySelectorAll('details').forEach((d) => { d.open = true; })`);
    for (const fact of [
      '41,235,075 bytes',
      '17 (IR 9)',
      'float32[batch, 8]',
      'skl2onnx 1.17.0',
      '1.2.0-pr.12.9f8e7d6',
    ]) {
      expect(await textOf('article')).toContain(fact);
    }
    expect(tab.complaints).toEqual([]);
    expect(tab.refused).toEqual([]);
  });

  it('runs, loads, links and mentions nothing of thirty and more hostile texts', async () => {
    for (const evil of hostileTexts) {
      const model = hostile(evil);
      const drawn = await show(
        renderComment({
          ...report(model),
          notes: [evil],
          warnings: [{ code: 'github-api', message: evil, hint: evil }],
        }),
      );
      expect(drawn.filter((result) => result !== 'drawn')).toEqual([]);
      expect([evil, await tab.evaluate('window.hit ?? null')]).toEqual([evil, null]);
      expect([evil, await count('article :is(script, img, iframe, form, input, object, [onload], [onerror])')]).toEqual(
        [evil, 0],
      );
      const hrefs = await tab.evaluate<string[]>(`[...document.querySelectorAll('article a')].map((a) => a.href)`);
      expect([evil, hrefs.filter((href) => !/^https:\/\/(?:a\.example|github\.com)\//.test(href))]).toEqual([evil, []]);
      expect([evil, await tab.evaluate(linkedLater)]).toEqual([evil, []]);
      expect([evil, await count('article h1'), await count('article h2'), await count('article h3')]).toEqual([
        evil,
        0,
        1,
        1,
      ]);
    }
    expect(tab.refused).toEqual([]);
  });

  it('is as safe in the summary of the job, which has more of it', async () => {
    for (const evil of hostileTexts.filter((_text, at) => at % 8 === 0)) {
      const drawn = await show(renderComment({ ...report(hostile(evil), preview('digits', 'pass')), notes: [evil] }));
      expect(drawn).toEqual(['drawn']);
      expect([evil, await tab.evaluate('window.hit ?? null'), await tab.evaluate(linkedLater)]).toEqual([
        evil,
        null,
        [],
      ]);
      expect([evil, await count('article :is(script, img, iframe, [onload], [onerror])')]).toEqual([evil, 0]);
    }
    expect(tab.refused).toEqual([]);
  });

  it('says what failed, what is missing with the line to add, and that all is gone', async () => {
    const yaml = 'permissions:\n  deployments: write';
    const warnings = [
      { code: 'github-permission' as const, message: 'May not record deployments.', hint: `Add this:\n${yaml}`, yaml },
    ];
    const failed = {
      kind: 'failed',
      code: 'unproven',
      message: 'It answered otherwise.',
      hint: 'Look at its log.',
    } as const;
    const running = { kind: 'running', doing: 'measuring' } as const;
    const models = [
      { ...preview('digits', 'pass'), state: failed },
      { ...preview('faces', 'pass'), state: running, url: undefined },
    ];
    await show(renderComment({ ...report(...models), warnings }));
    expect(await textOf('h2')).toBe('! Coldgate: the preview did not work');
    expect(await textOf('pre code.language-yaml')).toBe(`${yaml}\n`);
    expect(await textOf('table')).toMatch(/digits.*failed: unproven[\s\S]*faces.*… measuring/);
    expect(await textOf('article')).toContain('It answered otherwise.');
    await show(renderClosed({ sha: 'a'.repeat(40), runUrl: undefined, removed: ['coldgate-pr-12-digits'] }));
    expect(await textOf('ul')).toBe('coldgate-pr-12-digits');
  });

  it('fits the width that GitHub gives it', async () => {
    await show(renderComment(report(preview('digits', 'pass'))));
    await tab.evaluate(`document.querySelectorAll('details')[2].open = true`);
    expect(await tab.evaluate(`document.documentElement.scrollWidth`)).toBeLessThanOrEqual(900);
    const cutTexts = await tab.evaluate<string[]>(`[...document.querySelectorAll('.mermaid text')].filter((text) => {
      const [own, whole] = [text, text.ownerSVGElement].map((e) => e.getBoundingClientRect());
      return own.left < whole.left || own.right > whole.right || own.top < whole.top || own.bottom > whole.bottom;
    }).map((text) => text.textContent)`);
    expect(cutTexts).toEqual([]);
    const shot = await tab.screenshot();
    expect(shot.subarray(1, 4).toString()).toBe('PNG');
    if (picture) writeFileSync(picture, shot);
  });
});
