import { existsSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { marked } from 'marked';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planEvent } from '../../src/github/event.ts';
import { readEvent } from '../../src/github/event-payload.ts';
import { parseTag } from '../../src/github/event-tag.ts';
import { codeSpan, markdownText, shown } from '../../src/github/event-text.ts';
import { commandFree } from '../../src/runner/commands.ts';
import { decisionText } from '../../src/verbs/event.ts';
import { hostileWords } from './hostile-words.ts';
import { pullRequest, push } from './payloads.ts';
import { Repository } from './repository.ts';

const plan = (name: string, payload: unknown) =>
  planEvent(readEvent(name, payload), {
    inputs: {},
    ground: async () => ({ environments: ['staging', 'production'], models: [{ name: 'digits', version: '1.0.0' }] }),
    changedSince: async () => ({ models: ['digits'], known: true, why: 'Compared.' }),
    standings: async () => ({ models: [] }),
  });

/** Tags that Markdown of ours may lead to; anything else came from somebody's text. */
const own =
  /^<a href="(?:https?|mailto):[^"]*">$|^<\/?(?:a|p|strong|code|table|thead|tbody|tr|th|td|h2|h3|br|ul|li|em)(?: align="\w+")?>$/;
const foreign = (markdown: string): string[] =>
  [...String(marked.parse(markdown)).matchAll(/<[^>]*>/g)].map(([tag]) => tag).filter((tag) => !own.test(tag));

const isQuiet = (text: string): boolean =>
  !/\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u.test(text.replaceAll('\n', '')) && !/^\s*::/m.test(text);

describe('hostile texts in an event', () => {
  it('has at least thirty of them', () => {
    expect(hostileWords.length).toBeGreaterThanOrEqual(30);
  });

  it.each(hostileWords.map((word) => [JSON.stringify(word).slice(0, 40), word]))(
    'branch and tag %s',
    async (_, word) => {
      for (const ref of [`refs/heads/${word}`, `refs/tags/${word}`]) {
        const made = await plan('push', push({ ref })).catch((error: Error) => error);
        const text = made instanceof Error ? markdownText(made.message) : decisionText(made);
        expect(foreign(text)).toEqual([]);
        expect(isQuiet(text)).toBe(true);
        expect(text.length).toBeLessThan(2000);
        if (!(made instanceof Error)) expect(made.steps).toEqual([]);
      }
    },
  );

  it.each(hostileWords.map((word) => [JSON.stringify(word).slice(0, 40), word]))(
    'commits, actions and numbers %s',
    (_, word) => {
      const fields = [{ headSha: word }, { baseSha: word }, { action: word }];
      for (const field of fields) {
        expect(() => readEvent('pull_request', pullRequest({ action: 'opened', ...field }))).toThrowError(
          expect.objectContaining({ code: 'bad-event', exit: 2 }),
        );
      }
      expect(() => readEvent('pull_request', { ...pullRequest({ action: 'opened' }), number: word })).toThrow();
      expect(() => readEvent('push', { ...push({ ref: 'refs/heads/main' }), before: word })).toThrow();
    },
  );

  it('reads nothing of titles, branches, labels and people', async () => {
    const plain = await plan('pull_request', pullRequest({ action: 'opened' }));
    for (const word of hostileWords) {
      const options = { action: 'opened', title: word, branch: word, labels: [word], sender: word };
      expect(await plan('pull_request', pullRequest(options))).toEqual(plain);
    }
  });

  it('lets no text out of its code span, its paragraph or its log line', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...hostileWords), fc.string({ unit: 'binary', maxLength: 200 })), (word) => {
        expect(foreign(`The tag ${codeSpan(word)} is one.`)).toEqual([]);
        expect(foreign(markdownText(word))).toEqual([]);
        expect(shown(word)).not.toMatch(/[\r\n]/);
        expect(commandFree(`  ${word}`)).not.toMatch(/(?:^|[\r\n])\s*::|##\[/);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes for a release only what is in the closed alphabets', () => {
    // A model may be named like that; models.yaml then has to have it.
    const rest = hostileWords.filter((word) => word !== 'constructor@1.0.0');
    for (const word of rest) expect(parseTag(word)).toBeUndefined();
    expect(parseTag('digits@1.0.0')).toEqual({ model: 'digits', version: '1.0.0' });
  });
});

describe('hostile texts, as a process', () => {
  const repository = new Repository();
  beforeAll(() => {
    repository.commit();
  });
  afterAll(() => repository.remove());

  it.each(
    hostileWords
      .filter((word) => !word.includes('\u0000'))
      .slice(0, 34)
      .map((word) => [JSON.stringify(word).slice(0, 40), word]),
  )('the branch %s reaches no shell, no command, no output and no path', async (_, word) => {
    const before = readdirSync(repository.path()).sort();
    const step = await repository.on('push', push({ ref: `refs/heads/${word}` }), {}, { GITHUB_REF_NAME: word });
    expect(step.exit).toBe(0);
    expect(step.outputs).toEqual({ steps: '[]', models: '[]' });
    expect(foreign(step.summary)).toEqual([]);
    const commands = step.stdout.split(/[\r\n]/).filter((line) => /^\s*::|##\[/.test(line));
    expect(commands).toEqual([]);
    expect(
      readdirSync(repository.path())
        .filter((name) => name !== 'event.json')
        .sort(),
    ).toEqual(before.filter((name) => name !== 'event.json'));
    expect(existsSync(repository.path('pwned'))).toBe(false);
  });
});
