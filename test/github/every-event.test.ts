import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findVerb } from '../../src/catalog.ts';
import { planEvent } from '../../src/github/event.ts';
import { readEvent } from '../../src/github/event-payload.ts';
import type { EventInputs } from '../../src/github/event-plan.ts';
import { pullRequest, push } from './payloads.ts';

const commit = '0123456789abcdef0123456789abcdef01234567';

/** The verbs of the plan, or that it is refused. One model, which every event finds changed. */
async function answer(name: string, payload: unknown, inputs: EventInputs = {}): Promise<string[] | 'refused'> {
  try {
    const { steps } = await planEvent(readEvent(name, payload), {
      inputs,
      ground: async () => ({ environments: ['staging', 'production'], models: [{ name: 'digits', version: '1.1.0' }] }),
      changedSince: async () => ({ models: ['digits'], known: true, why: 'Compared.' }),
      standings: async () => ({ models: [] }),
    });
    return steps.map((step) => (step.inputs['local'] ? `${step.verb} --local` : step.verb));
  } catch (error) {
    expect(error).toMatchObject({ code: 'event-refused', exit: 2 });
    return 'refused';
  }
}

const tag = (name: string) => push({ ref: `refs/tags/${name}` });
const group = { action: 'checks_requested', merge_group: { base_sha: commit, head_sha: commit } };
const after = (event: string | undefined) => ({ action: 'completed', workflow_run: { event, conclusion: 'success' } });
const fork = { headRepository: { id: 2, full_name: 'mallory/models' } };
type Sample = [name: string, payload: unknown, inputs?: EventInputs];
const pulls = (actions: string[], more = {}): Sample[] =>
  actions.map((action) => ['pull_request', pullRequest({ action, ...more })]);

/** What each row of the table in docs/github.md speaks of, by the beginning of its first cell. */
const rows: Record<string, { samples: Sample[]; verb?: string }> = {
  '`pull_request` opened': { samples: pulls(['opened', 'synchronize', 'reopened']) },
  '`pull_request` closed': { samples: pulls(['closed']) },
  '`pull_request` from a fork': {
    samples: [...pulls(['opened', 'synchronize'], fork), ...pulls(['opened'], { sender: 'dependabot[bot]' })],
  },
  '`merge_group`': { samples: [['merge_group', group]] },
  '`push` to the default': { samples: [['push', push({ ref: 'refs/heads/main' })]] },
  '`push` of a tag `<model>': {
    samples: [
      ['push', tag('digits@1.1.0')],
      ['push', tag('digits/v1.1.0')],
    ],
  },
  '`push` of a tag that is nearly': {
    samples: [
      ['push', tag('digits-v1.1.0')],
      ['push', tag('digits@1.1')],
    ],
  },
  '`workflow_dispatch`': { samples: [['workflow_dispatch', { inputs: { verb: 'rollback' } }]], verb: 'rollback' },
  '`schedule`': { samples: [['schedule', {}]] },
  '`workflow_run` after': {
    samples: ['push', 'schedule', 'workflow_dispatch', 'repository_dispatch'].map(
      (event): Sample => ['workflow_run', after(event), { verb: 'validate' }],
    ),
    verb: 'validate',
  },
  'any other `workflow_run`': {
    samples: ['pull_request', 'pull_request_target', 'issue_comment', 'workflow_run', 'merge_group', undefined].flatMap(
      (event): Sample[] => [
        ['workflow_run', after(event), { verb: 'validate' }],
        ['workflow_run', after(event)],
      ],
    ),
  },
  '`pull_request_target`': {
    samples: [{}, { verb: 'validate' }].map(
      (inputs): Sample => ['pull_request_target', pullRequest({ action: 'opened' }), inputs],
    ),
  },
  'other branches': {
    samples: [
      ['push', push({ ref: 'refs/heads/other' })],
      ['push', push({ ref: 'refs/heads/main', deleted: true })],
      ['push', tag('v1.0.0')],
      ['push', tag('digits-dataset-2024')],
      ['push', push({ ref: 'refs/tags/digits-v1.1.0', deleted: true })],
      ...pulls(['labeled', 'edited', 'ready_for_review']),
      ...pulls(['closed'], fork),
    ],
  },
  'anything else': { samples: [] },
};

/** https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows, without those above. */
const others = `branch_protection_rule check_run check_suite create delete deployment deployment_status discussion
  discussion_comment fork gollum image_version issue_comment issues label milestone page_build public pull_request_comment
  pull_request_review pull_request_review_comment registry_package release repository_dispatch status watch workflow_call`;

describe('every event, as docs/github.md has it', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/github.md'), 'utf8');
  const table = text.slice(text.indexOf('| event | does |'), text.indexOf('\n\n', text.indexOf('| event | does |')));
  const documented = table
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| /, '')));

  it('the table has these rows and no other', () => {
    const names = documented.map(([event = '']) => Object.keys(rows).find((name) => event.startsWith(name)) ?? event);
    expect(names.sort()).toEqual(Object.keys(rows).sort());
  });

  it.each(documented)('%s: %s', async (event = '', does = '') => {
    const { samples, verb } = rows[Object.keys(rows).find((name) => event.startsWith(name)) ?? ''] ?? { samples: [] };
    const verbs = [...does.matchAll(/`([a-z]+(?: --local)?)/g)]
      .map((m) => m[1] ?? '')
      .filter((v) => findVerb(v.split(' ')[0] ?? ''));
    const expected = verb ? [verb] : does.startsWith('refused') ? 'refused' : does.startsWith('nothing') ? [] : verbs;
    for (const sample of samples) expect([sample, await answer(...sample)]).toEqual([sample, expected]);
  });

  it('a dispatch and a workflow after another one need a verb', async () => {
    expect(await answer('workflow_dispatch', { inputs: {} })).toBe('refused');
    expect(await answer('workflow_run', after('push'))).toBe('refused');
  });

  it.each(others.split(/\s+/))('%s is refused, and runs the verb that is given', async (name) => {
    expect(await answer(name, { action: 'created' })).toBe('refused');
    expect(await answer(name, { action: 'created' }, { verb: 'status' })).toEqual(['status']);
  });
});

describe('a tag that names a model and something like a version', () => {
  const refuses = `digits@1.0 digits@v1.1.0 digits@01.1.0 digits@1.1.0+build digits@latest digits@ Digits@1.1.0
    digits/1.1.0 digits/v1.1 digits/V1.1.0 digits-v1.1.0 digits-1.1.0 digits_1.1.0 digits:1.1.0 digits=1.1.0 digitsv1.1.0
    digits1.1.0 models/digits@1.1.0 release/digits/v1.1.0 v1.1.0-digits 1.1.0/digits DIGITS-v2`.split(/\s+/);

  it.each(refuses.filter((name) => name !== 'digits@'))(
    '%s is refused, and the tag that was meant is named',
    async (name) => {
      const refused = planEvent(readEvent('push', tag(name)), {
        inputs: {},
        ground: async () => ({ environments: ['staging'], models: [{ name: 'digits', version: '1.1.0' }] }),
        changedSince: () => Promise.reject(new Error('not asked')),
        standings: () => Promise.reject(new Error('not asked')),
      });
      await expect(refused).rejects.toMatchObject({ exit: 2, message: expect.stringContaining('digits@1.1.0') });
    },
  );

  it.each([
    'v1.1.0',
    'nightly',
    'digits',
    'digits-dataset',
    'digits-2024-11-30',
    'other-v1.1.0',
    'redigits-v1.1.0',
    'x'.repeat(5000),
  ])('%s is of something else', async (name) => expect(await answer('push', tag(name))).toEqual([]));

  it('the model with the longest name is meant', async () => {
    const refused = planEvent(readEvent('push', tag('digits-small-v1.1.0')), {
      inputs: {},
      ground: async () => ({
        environments: [],
        models: [
          { name: 'digits', version: '1.1.0' },
          { name: 'digits-small', version: '2.0.0' },
        ],
      }),
      changedSince: () => Promise.reject(new Error('not asked')),
      standings: () => Promise.reject(new Error('not asked')),
    });
    await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('digits-small@2.0.0') });
  });
});
