import { config, endpointOut, environment, model, results } from './shared.ts';
import { verb } from './spec.ts';

export const advise = verb({
  name: 'advise',
  summary: 'Says what is worth changing in an environment, why, and what to type.',
  about:
    'Holds models.yaml, the size of the model, the recorded measurement and the region of the store to the rules of docs/advice.md: form of the package, instances kept warm, regions, timeouts, memory, caps, who may call, logs. Each is answered by yes (as it should be), no (with the field to set) or unknown (with the command that finds out). Exit 0 whatever is found; what needs no account is a warning of validate too, and what an account or a measurement says a line of doctor.',
  examples: [
    'coldgate advise --environment production',
    'coldgate advise --environment production --p95 1200ms --requests-per-month 200000 --json',
    'coldgate advise --offline --dependencies-mb 300',
  ],
  inputs: [
    config,
    environment,
    model,
    {
      name: 'p95',
      type: 'seconds',
      only: 'cli',
      description:
        'What 95 of 100 callers are promised, cold starts included: 1200ms, 2s. Default: gate.slo-ms of the model.',
    },
    { name: 'requests-per-month', type: 'count', only: 'cli', description: 'Requests that callers send in a month.' },
    {
      name: 'client-timeout',
      type: 'seconds',
      only: 'cli',
      description: 'How long callers wait for an answer: 10s, 1m.',
    },
    {
      name: 'dependencies-mb',
      type: 'count',
      only: 'cli',
      description: 'What the function needs beside handler and runtime, unpacked, MB: layers, files of an image.',
    },
    {
      name: 'offline',
      type: 'flag',
      only: 'cli',
      default: 'false',
      description: 'Query no store and no account: what depends on them is reported as unknown.',
    },
  ],
  outputs: [results],
  permissions: ['contents: read', 'id-token: write  # only where the store is in a cloud'],
  load: async () => (await import('../verbs/advise.ts')).run,
});

export const ping = verb({
  name: 'ping',
  summary: 'Sends one request to each live function, so that one instance of it stays warm.',
  about:
    'For a schedule, where provisioned concurrency, min instances or always ready instances are not wanted: second best. It keeps one instance, not as many as callers need at once; a deployment ends it; schedules of GitHub are late, by minutes and more. Each request loads the model where it has to, and reports whether it met a cold start, how long it took and what a month of such pings costs. Exit 7: a function does not answer, or none is live.',
  examples: ['coldgate ping --environment production', 'coldgate ping --model digits --every 10m --json'],
  inputs: [
    config,
    environment,
    model,
    {
      name: 'every',
      type: 'seconds',
      only: 'cli',
      default: '5m',
      description: 'How often the schedule runs it, for what it costs: 5m, 300.',
    },
  ],
  outputs: [{ name: 'cold', description: '`true` where the request met a cold start.' }, endpointOut, results],
  permissions: ['contents: read', 'id-token: write  # only where the target is in a cloud'],
  load: async () => (await import('../verbs/ping.ts')).run,
});
