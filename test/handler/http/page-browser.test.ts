import { afterAll, beforeAll, expect, it } from 'vitest';
import { describePart } from '../../emulators/servers.ts';
import { type Browser, chromium, openBrowser, type Tab } from '../../fakes/handler/browser.ts';
import { encodeModel, node, tensorType, value } from '../../fixtures/onnx.ts';
import { bringPart } from '../bring-part.ts';
import { FunctionProcess } from '../function-process.ts';
import { type AdapterBed, openAdapterBed } from '../platforms/adapter-bed.ts';

const hostile = '<img src=x onerror=alert(1)>';
const hostileModel = encodeModel({
  nodes: [node('Identity', [hostile], ['y'])],
  inputs: [value(hostile, tensorType('string', [hostile]))],
  outputs: [value('y', tensorType('string', [hostile]))],
});

describePart('chromium', await bringPart(chromium), 'the page in Chromium', () => {
  let bed: AdapterBed;
  let browser: Browser;
  const running: FunctionProcess[] = [];
  beforeAll(async () => {
    bed = await openAdapterBed();
    browser = await openBrowser();
    bed.store.promote(bed.store.publish('hostile', '1.0.0', { model: hostileModel }));
  });
  afterAll(async () => {
    await browser?.close();
    for (const one of running) await one.stop();
    bed?.remove();
  });

  /** A fresh function with its page open and its timings there. */
  async function open(name: string): Promise<{ tab: Tab; url: string }> {
    const one = new FunctionProcess(bed.bundle, { ...bed.variables, MODEL_NAME: name });
    running.push(one);
    const { port } = await one.listening();
    const url = `http://127.0.0.1:${port}/`;
    const tab = await browser.tab(url);
    await tab.resize(1200, 860);
    await tab.open(url);
    await tab.until(`document.querySelectorAll('#timings tr').length > 0`);
    return { tab, url };
  }
  const textOf = (tab: Tab, selector: string): Promise<string> =>
    tab.evaluate(`document.querySelector(${JSON.stringify(selector)}).innerText`);
  const ran = (tab: Tab): Promise<void> => tab.until(`/^HTTP|^$/.test(document.querySelector('#took').innerText)`);

  it('shows the model and its start, and asks nobody but the function', async () => {
    const { tab, url } = await open('tiny');
    expect(await textOf(tab, 'h1')).toBe('tiny 1.0.0');
    expect(await textOf(tab, '#state')).toMatch(/^golden sample answered as published, instance [0-9a-f]{8}$/);
    const card = await textOf(tab, '#card');
    for (const fact of [/sha256\s+[0-9a-f]{64}/, /published\s+2026-01-01/, /opset 13/]) expect(card).toMatch(fact);
    expect(await textOf(tab, '#tensors')).toMatch(
      /input\s+x\s+float32 \[batch, 2\]\s+output\s+y\s+float32 \[batch, 2\]/,
    );
    const timings = await textOf(tab, '#timings');
    for (const name of ['init', 'import', 'fetch', 'model loaded', 'first run']) {
      expect(timings).toMatch(new RegExp(`${name}\\s+[\\d.]+ ms`));
    }
    expect(tab.requested).toEqual([url, `${url}v1/health?warm=true`]);
    expect([tab.refused, tab.complaints]).toEqual([[], []]);
  });

  it('runs the sample and own values by a click or by keys', async () => {
    const { tab, url } = await open('tiny');
    await tab.click('#run');
    await tab.until(`/5\\.5/.test(document.querySelector('#answer').innerText)`);
    expect(JSON.parse(await textOf(tab, '#answer'))).toEqual({ y: [[5.5, 1]] });
    expect(await textOf(tab, '#took')).toMatch(
      /^HTTP 200 after [\d.]+ ms; in the function: run [\d.]+ ms, total [\d.]+ ms$/,
    );
    await tab.type('#request', '{"inputs": [[3, 4], [5, 6]]}');
    await tab.press('Enter', 2);
    await tab.until(`/17\\.5/.test(document.querySelector('#answer').innerText)`);
    expect(JSON.parse(await textOf(tab, '#answer'))).toEqual({
      y: [
        [11.5, 1],
        [17.5, 1],
      ],
    });
    await tab.click('#again');
    await tab.until(`!/17\\.5/.test(document.querySelector('#answer').innerText)`);
    expect(JSON.parse(await textOf(tab, '#answer'))).toEqual({ y: [[5.5, 1]] });
    expect(new Set(tab.requested)).toEqual(new Set([url, `${url}v1/health?warm=true`, `${url}v1/infer`]));
    expect([tab.refused, tab.complaints]).toEqual([[], []]);
  });

  it('says legibly what was wrong, and goes on', async () => {
    const { tab } = await open('tiny');
    for (const [body, words] of [
      [
        '{"inputs": [[1, 2, 3]]}',
        /^bad-input\s+inputs\.x\.shape: expected \[batch, 2\], got \[1, 3\]\. Request [\w-]+\.$/,
      ],
      ['{"inputs"', /^bad-json\s+The body is not JSON in UTF-8\./],
    ] as const) {
      await tab.type('#request', body);
      await tab.click('#run');
      await ran(tab);
      await tab.until(`!document.querySelector('#failure').hidden`);
      expect(await textOf(tab, '#failure')).toMatch(words);
      expect(await tab.evaluate(`document.querySelector('#answer').hidden`)).toBe(true);
    }
    await tab.click('#again');
    await tab.until(`document.querySelector('#failure').hidden`);
    expect(JSON.parse(await textOf(tab, '#answer'))).toEqual({ y: [[5.5, 1]] });
  });

  it('fits a phone, and its words stand out by day and by night', async () => {
    const { tab } = await open('tiny');
    await tab.type('#request', `{"inputs": "${'x'.repeat(300)}"}`);
    await tab.click('#run');
    await tab.until(`!document.querySelector('#failure').hidden`);
    for (const scheme of ['light', 'dark'] as const) {
      await tab.resize(360, 740, scheme);
      const wide = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect([scheme, await tab.evaluate(wide)]).toEqual([scheme, 0]);
      const contrasts = await tab.evaluate<Record<string, number>>(contrastOf);
      for (const [what, ratio] of Object.entries(contrasts)) {
        // WCAG AA for text of this size.
        expect([scheme, what, ratio >= 4.5 ? 4.5 : ratio]).toEqual([scheme, what, 4.5]);
      }
    }
    expect((await tab.screenshot()).byteLength).toBeGreaterThan(5000);
  });

  it('gives Server-Timing in the form that browsers read', async () => {
    const { tab } = await open('tiny');
    await tab.click('#run');
    await ran(tab);
    await tab.until(`performance.getEntriesByType('resource').some((entry) => entry.name.endsWith('v1/infer'))`);
    const entries = await tab.evaluate<{ name: string; serverTiming: { name: string; duration: number }[] }[]>(
      `performance.getEntriesByType('resource').map(({ name, serverTiming }) => ({ name, serverTiming: serverTiming.map((one) => one.toJSON()) }))`,
    );
    const infer = entries.find(({ name }) => name.endsWith('v1/infer'));
    expect(infer?.serverTiming.map(({ name }) => name)).toEqual(['run', 'total']);
    for (const { duration } of infer?.serverTiming ?? []) expect(duration).toBeGreaterThan(0);
    const warm = entries.find(({ name }) => name.includes('v1/health'));
    expect(warm?.serverTiming.map(({ name }) => name)).toEqual(['sample', 'total']);
  });

  it('runs nothing that a model says', async () => {
    const { tab } = await open('hostile');
    expect(await textOf(tab, '#tensors')).toContain(hostile);
    expect(await tab.evaluate(`document.querySelectorAll('img').length`)).toBe(0);
    await tab.click('#run');
    await tab.until(`document.querySelector('#took').innerText.startsWith('HTTP')`);
    expect(await textOf(tab, '#took')).toContain('HTTP 200');
    // Not even what is put into it later can ask somebody else.
    await tab.evaluate(`fetch('http://127.0.0.2:9/').catch(() => {})`);
    expect(tab.requested.filter((address) => address.includes('127.0.0.2'))).toEqual([]);
    expect(tab.complaints.join()).toContain('Content Security Policy');
  });
});

/** Contrast of words against what is behind them, by the formula of WCAG 2; colours blended down to the page's own. */
const contrastOf = `(() => {
  const parse = (text) => { const c = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    c.clearRect(0, 0, 1, 1); c.fillStyle = text; c.fillRect(0, 0, 1, 1); return [...c.getImageData(0, 0, 1, 1).data].map((v) => v / 255); };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const paper = matchMedia('(prefers-color-scheme: dark)').matches ? [0.071, 0.071, 0.071, 1] : [1, 1, 1, 1];
  const behind = (e) => { const up = []; for (let n = e; n; n = n.parentElement) up.push(parse(getComputedStyle(n).backgroundColor));
    return up.reverse().reduce((under, color) => over(color, under), paper); };
  const seen = (e) => { let a = 1; for (let n = e; n; n = n.parentElement) a *= Number(getComputedStyle(n).opacity); return a; };
  const light = (c) => c.slice(0, 3).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (e) => { const under = behind(e); const [r, g, b, a] = parse(getComputedStyle(e).color);
    const [x, y] = [light(over([r, g, b, a * seen(e)], under)), light(under)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const parts = ['h1 span', 'h2 code', '#state', '#request', '#run', '#again', '#failure strong', '#failure span', '#took', '#card td', '#timings td:last-child', '.quiet', 'a'];
  return Object.fromEntries(parts.map((part) => [part, ratio(document.querySelector(part))]));
})()`;
