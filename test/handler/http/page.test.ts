import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { renderPage } from '../../../src/handler/http/page/document.ts';
import { firstRequest } from '../../../src/handler/http/page/first-request.ts';
import { modelCard } from '../../../src/handler/http/page/model-card.ts';
import { tinyModel, tinySample } from '../../fixtures/onnx.ts';
import { ModelStore } from '../model/model-store.ts';
import { TestApp } from '../test-app.ts';

const store = new ModelStore();
afterAll(() => store.remove());

describe('GET /', () => {
  it('is nothing where no page is asked for', async () => {
    const app = new TestApp(store.root);
    expect(await app.ask('/')).toMatchObject({ status: 404, json: { error: { code: 'not-found' } } });
    await app.close();
  });

  it('is a page that starts with the golden sample and runs nothing but its own script', async () => {
    store.promote(store.publish('tiny', '1.0.0', { model: tinyModel(), sample: tinySample }));
    const app = new TestApp(store.root, { COLDGATE_PAGE: 'true' });
    const { status, headers, body } = await app.ask('/');
    await app.close();
    expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
    const html = body as string;
    expect(html).toContain('"request":{"inputs":{"x":[[1,2]]}}');
    const policy = headers['content-security-policy'] ?? '';
    const hash = (tag: string) =>
      createHash('sha256')
        .update(new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html)![1]!)
        .digest('base64');
    for (const tag of ['script', 'style']) expect(policy).toContain(`${tag}-src 'sha256-${hash(tag)}'`);
    expect(policy).toContain("default-src 'none'");
    // Nothing to fetch but what the function itself answers; an icon is there so that browsers ask for none.
    expect(html).not.toMatch(/\ssrc=|(?:https?:)?\/\/(?!www\.w3\.org\/2000\/svg')/);
    const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link!.slice(0, 15));
    expect(links).toEqual(['data:image/svg+', 'v1/openapi.json']);
  });

  it('lets no name or sample of a model out of its place', () => {
    const hostile = '</script><script>alert(1)</script>';
    const tensor = { name: hostile, dtype: 'float32' as const, shape: [hostile] };
    const facts = {
      name: hostile,
      version: '"',
      card: [['source', hostile]] as [string, string][],
      inputs: [tensor],
      outputs: [],
      request: { inputs: hostile },
      isSample: true,
    };
    const html = renderPage(facts);
    expect(html.match(/<script/g)).toHaveLength(2);
    expect(html).not.toContain('<script>alert');
  });

  it('starts with zeros of the smallest shape where there is no sample', () => {
    const inputs = [
      { name: 'a', dtype: 'float32' as const, shape: ['n', 2] },
      { name: 'b', dtype: 'bool' as const, shape: [] },
      { name: 'c', dtype: 'string' as const, shape: [1] },
    ];
    expect(firstRequest(undefined, inputs)).toEqual({
      request: {
        inputs: { a: { shape: [1, 2], data: [0, 0] }, b: { shape: [], data: [false] }, c: { shape: [1], data: [''] } },
      },
      isSample: false,
    });
  });

  it('has a card of what is known of the version', async () => {
    const manifest = store.publish('carded', '1.0.0', { model: tinyModel() });
    const known = { ...manifest, source: { repository: 'acme/models', commit: '0123456789abcdef0123' } };
    const artifact = { kind: 'cold', size: 2_500_000 } as Parameters<typeof modelCard>[1];
    expect(modelCard('ab', artifact, known)).toEqual([
      ['sha256', 'ab'],
      ['published', '2026-01-01 00:00 UTC'],
      ['model', `model.onnx, ${tinyModel().byteLength} bytes`],
      ['loaded form', 'cold, 2.5 MB'],
      ['ONNX', 'opset 13, IR 8, by coldgate test'],
      ['source', 'acme/models at 0123456789ab'],
    ]);
    expect(modelCard('ab', undefined, undefined)).toEqual([['sha256', 'ab']]);
    expect(modelCard('ab', undefined, { ...known, source: {}, producer: '' })).toContainEqual([
      'ONNX',
      'opset 13, IR 8',
    ]);
  });
});
