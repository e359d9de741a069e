import { describe, expect, it } from 'vitest';
import { planEvent } from '../../src/github/event.ts';
import { readEvent } from '../../src/github/event-payload.ts';
import type { EventInputs, EventPlan, Standing } from '../../src/github/event-plan.ts';
import { documentedPayloads, pullRequest, push } from './payloads.ts';

const examples = documentedPayloads();

interface EventFacts {
  environments?: string[];
  inputs?: EventInputs;
  changed?: string[];
  standings?: Standing[];
}

/** Two models, three environments; digits changed. */
function plan(
  name: string,
  payload: unknown,
  { environments, inputs = {}, changed, standings = [] }: EventFacts = {},
): Promise<EventPlan> {
  return planEvent(readEvent(name, payload), {
    inputs,
    ground: async () => ({
      environments: environments ?? ['local', 'staging', 'production'],
      models: [
        { name: 'digits', version: '1.1.0' },
        { name: 'voice', version: '2.0.0' },
      ],
    }),
    changedSince: async () => ({ models: changed ?? ['digits'], known: true, why: 'Compared.' }),
    standings: async () => ({ models: standings }),
  });
}

const verbs = ({ steps }: EventPlan) => steps.map((step) => step.verb);
const real = (name: string, fits: (e: { action?: string; ref?: string; deleted?: boolean }) => boolean): unknown =>
  examples.find((e) => e.name === name)?.examples.find((e) => fits(e as never));

describe('the event decides', () => {
  it.each(['opened', 'synchronize', 'reopened'])(
    'previews the changed models of a pull request that was %s',
    async (action) => {
      const made = await plan('pull_request', pullRequest({ action, number: 12 }));
      expect(verbs(made)).toEqual(['validate', 'preview']);
      expect(made.steps[1]?.inputs).toEqual({
        environment: 'staging',
        model: 'digits',
        'pull-request': '12',
        sha: 'a1b2c3d4e5f60718293a4b5c6d7e8f9012345678',
      });
      expect(made.models).toEqual([{ model: 'digits', version: '1.1.0' }]);
      expect(made.untrusted).toBe(false);
    },
  );

  it('prefers an environment named preview', async () => {
    const made = await plan('pull_request', pullRequest({ action: 'opened' }), {
      environments: ['preview', 'staging'],
    });
    expect(made.environment).toBe('preview');
  });

  it('destroys the preview of a closed pull request, whatever changed since', async () => {
    const made = await plan('pull_request', pullRequest({ action: 'closed', number: 7 }), { changed: [] });
    expect(made.steps).toEqual([{ verb: 'destroy', inputs: { environment: 'staging', preview: '7' } }]);
  });

  it.each([
    ['a fork', { headRepository: { id: 2, full_name: 'mallory/models' } }, /from a fork/],
    ['a repository that is gone', { headRepository: null }, /deleted/],
    ['Dependabot', { sender: 'dependabot[bot]' }, /Dependabot/],
  ])('measures a pull request from %s on the runner alone', async (_, options, why) => {
    const made = await plan('pull_request', pullRequest({ action: 'opened', ...options }));
    expect(verbs(made)).toEqual(['preview']);
    expect(made.steps[0]?.inputs).toMatchObject({ local: 'true', model: 'digits' });
    expect(made.steps[0]?.inputs).not.toHaveProperty('environment');
    expect([made.environment, made.untrusted]).toEqual([undefined, true]);
    expect(made.why[0]).toMatch(why);
    const closed = await plan('pull_request', pullRequest({ action: 'closed', ...options }));
    expect(verbs(closed)).toEqual([]);
  });

  it('does nothing for other actions, other branches, other tags and deletions, and says why', async () => {
    const idle = [
      ['pull_request', pullRequest({ action: 'labeled' }), /changes no preview/],
      ['push', push({ ref: 'refs/heads/feature' }), /not the default|only the default/],
      ['push', push({ ref: 'refs/heads/main', deleted: true }), /deleted/],
      ['push', push({ ref: 'refs/tags/v1.0.0' }), /neither/],
      ['push', push({ ref: 'refs/tags/digits@1.1.0', deleted: true }), /deleted/],
    ] as const;
    for (const [name, payload, why] of idle) {
      const made = await plan(name, payload);
      expect([verbs(made), made.models]).toEqual([[], []]);
      expect(made.why[0]).toMatch(why);
    }
  });

  it('ships what a push to the default branch changed, and nothing when nothing did', async () => {
    const made = await plan('push', push({ ref: 'refs/heads/main' }));
    expect(made.steps).toEqual([{ verb: 'ship', inputs: { environment: 'staging', model: 'digits' } }]);
    const idle = await plan('push', push({ ref: 'refs/heads/main' }), { changed: [] });
    expect([verbs(idle), idle.models]).toEqual([[], []]);
  });

  it.each(['digits@1.1.0', 'digits/v1.1.0'])('releases the tag %s to production', async (tag) => {
    const made = await plan('push', push({ ref: `refs/tags/${tag}` }));
    expect(made.steps).toEqual([
      { verb: 'release', inputs: { environment: 'production', model: 'digits', version: '1.1.0', from: 'staging' } },
    ]);
  });

  it.each([
    ['digits@1.0.0', /models.yaml of this commit has 1.1.0/],
    ['faces@1.0.0', /models.yaml has digits, voice/],
  ])('refuses the tag %s, which models.yaml does not name', async (tag, message) => {
    const refused = plan('push', push({ ref: `refs/tags/${tag}` }));
    await expect(refused).rejects.toMatchObject({
      code: 'event-refused',
      exit: 2,
      message: expect.stringMatching(message),
    });
  });

  it('runs by hand what the form of the dispatch says, on the environment that the verb is for', async () => {
    const back = await plan('workflow_dispatch', {
      inputs: { verb: 'rollback', model: 'digits', to: '1.0.0', other: 'x' },
    });
    expect(back.steps).toEqual([
      { verb: 'rollback', inputs: { environment: 'production', model: 'digits', to: '1.0.0' } },
    ]);
    const prune = await plan('workflow_dispatch', { inputs: {} }, { inputs: { verb: 'prune' } });
    expect(prune.steps).toEqual([{ verb: 'prune', inputs: {} }]);
    await expect(plan('workflow_dispatch', { inputs: null })).rejects.toMatchObject({ code: 'event-refused', exit: 2 });
  });

  it('sweeps on schedule', async () => {
    expect((await plan('schedule', { schedule: '0 4 * * *' })).steps).toEqual([{ verb: 'sweep', inputs: {} }]);
  });

  it('ships what the environment lacks, after what this push changed, and what will be refused last', async () => {
    const stand = (model: string, stand: Standing['stand']): Standing => ({
      model,
      stand,
      why: `${model} is ${stand}.`,
    });
    const shipped = async (standings: Standing[], changed: string[] = [], inputs: EventInputs = {}) =>
      (await plan('push', push({ ref: 'refs/heads/main' }), { changed, standings, inputs })).steps.map(
        (s) => s.inputs['model'],
      );
    expect(await shipped([stand('digits', 'ship'), stand('voice', 'settled')])).toEqual(['digits']);
    expect(await shipped([stand('digits', 'ship'), stand('voice', 'settled')], ['voice'])).toEqual(['digits,voice']);
    expect(await shipped([stand('digits', 'refused'), stand('voice', 'ship')])).toEqual(['voice', 'digits']);
    expect(await shipped([stand('digits', 'held'), stand('voice', 'settled')], ['digits'])).toEqual([]);
    expect(await shipped([stand('digits', 'held')], [], { model: ['digits', 'voice'] })).toEqual(['voice']);
    const held = await plan('push', push({ ref: 'refs/heads/main' }), {
      changed: [],
      standings: [stand('digits', 'held')],
    });
    expect(held.why).toContain('digits is held.');
  });

  it('has no rule for other events, and runs the verb that is given', async () => {
    await expect(plan('issue_comment', {})).rejects.toMatchObject({ code: 'event-refused', exit: 2 });
    expect(verbs(await plan('issue_comment', {}, { inputs: { verb: 'status' } }))).toEqual(['status']);
  });
});

describe('inputs win over the event', () => {
  it('takes environment and models from the inputs, without comparing commits', async () => {
    const inputs = { environment: 'production', model: ['voice'] };
    const made = await plan('push', push({ ref: 'refs/heads/main' }), { inputs, changed: [] });
    expect(made.steps).toEqual([{ verb: 'ship', inputs: { environment: 'production', model: 'voice' } }]);
    const refused = plan('push', push({ ref: 'refs/heads/main' }), { inputs: { model: ['faces'] } });
    await expect(refused).rejects.toMatchObject({ exit: 2, message: expect.stringContaining('input model') });
  });

  it('gives a preview asked for by name the pull request, and a fork no credentials', async () => {
    const inputs = { verb: 'preview' };
    const own = await plan('pull_request', pullRequest({ action: 'labeled', number: 3 }), { inputs });
    expect(own.steps[0]?.inputs).toMatchObject({ 'pull-request': '3' });
    const fork = { action: 'opened', headRepository: { id: 2, full_name: 'mallory/models' } };
    expect((await plan('pull_request', pullRequest(fork), { inputs })).steps[0]?.inputs).toMatchObject({
      local: 'true',
    });
  });
});

describe('events as GitHub documents them', () => {
  it('reads every example of the events that are understood', () => {
    let read = 0;
    for (const { name, examples: all } of examples.filter((e) =>
      /^(pull_request|push|workflow_dispatch)$/.test(e.name),
    )) {
      for (const payload of all) {
        expect(readEvent(name, payload)).toMatchObject({
          kind: expect.stringMatching(/^(pull-request|branch|tag|dispatch)$/),
        });
        read += 1;
      }
    }
    expect(read).toBeGreaterThan(30);
  });

  it('plans a preview, a removal and nothing for them', async () => {
    expect(
      verbs(
        await plan(
          'pull_request',
          real('pull_request', (e) => e.action === 'synchronize'),
        ),
      ),
    ).toEqual(['validate', 'preview']);
    expect(
      verbs(
        await plan(
          'pull_request',
          real('pull_request', (e) => e.action === 'closed'),
        ),
      ),
    ).toEqual(['destroy']);
    expect(
      verbs(
        await plan(
          'push',
          real('push', (e) => e.ref === 'refs/tags/simple-tag'),
        ),
      ),
    ).toEqual([]);
  });

  it.each([
    ['no number', { ...pullRequest({ action: 'opened' }), number: '12; rm -rf /' }],
    ['no commit', pullRequest({ action: 'opened', headSha: '$(id)' })],
    ['no word', pullRequest({ action: '<b>' })],
    ['nothing', null],
  ])('refuses a payload with %s', (_, payload) => {
    expect(() => readEvent('pull_request', payload)).toThrowError(
      expect.objectContaining({ code: 'bad-event', exit: 2 }),
    );
  });
});
