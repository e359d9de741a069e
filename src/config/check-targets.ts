import type { Findings } from './findings.ts';
import type { Path } from './yaml-node.ts';

type Has = (field: string) => boolean;
type Get = (field: string) => unknown;

interface Rule {
  provider: string;
  /** Where the problem shows. */
  field: string;
  /** True when it is broken. */
  broken: (has: Has, get: Get) => boolean;
  message: string;
  hint: string;
}

function above(value: unknown, bound: number): boolean {
  return typeof value === 'number' && value > bound;
}

function below(value: unknown, bound: unknown): boolean {
  return typeof value === 'number' && typeof bound === 'number' && value < bound;
}

/** What the services themselves would refuse, or silently not do; `timeout` against the gateway's own. */
const rules: readonly Rule[] = [
  {
    provider: 'aws-lambda',
    field: 'timeout',
    broken: (_has, get) => get('endpoint') === 'http-api' && above(get('timeout'), 30),
    message: 'expected at most 30 with endpoint: http-api, whose calls end after 30 s.',
    hint: 'Lower it, or use endpoint: function-url.',
  },
  {
    provider: 'aws-lambda',
    field: 'timeout',
    broken: (_has, get) => get('endpoint') === 'rest-api' && above(get('timeout'), 29),
    message: 'expected at most 29 with endpoint: rest-api, whose calls end after 29 s.',
    hint: 'Lower it, or use endpoint: function-url.',
  },
  {
    provider: 'aws-lambda',
    field: 'auth',
    broken: (has, get) => get('auth') === 'jwt' && (get('endpoint') !== 'http-api' || !has('jwt')),
    message: 'expected endpoint: http-api and jwt: with issuer and audience beside auth: jwt.',
    hint: 'Function URLs know iam and none.',
  },
  {
    provider: 'aws-lambda',
    field: 'jwt',
    broken: (has, get) => has('jwt') && get('auth') !== 'jwt',
    message: 'is used with auth: jwt alone.',
    hint: 'Set auth: jwt, or remove it.',
  },
  {
    provider: 'aws-lambda',
    field: 'throttle',
    broken: (has, get) => has('throttle') && !['http-api', 'rest-api'].includes(String(get('endpoint'))),
    message: 'is a setting of endpoint: http-api and rest-api.',
    hint: 'Function URLs are limited by reserved-concurrency.',
  },
  {
    provider: 'aws-lambda',
    field: 'response-stream',
    broken: (_has, get) => get('response-stream') === true && (get('endpoint') ?? 'function-url') !== 'function-url',
    message: 'is a setting of endpoint: function-url.',
    hint: 'Set endpoint: function-url, or remove it.',
  },
  {
    provider: 'aws-lambda',
    field: 'image-repository',
    broken: (has, get) => (get('package') === 'image') !== has('image-repository'),
    message: 'expected together with package: image, and only then.',
    hint: 'Give both or neither.',
  },
  ...['image-digest', 'base-image'].map((field) => ({
    provider: 'aws-lambda',
    field,
    broken: (has: Has, get: Get) => has(field) && get('package') !== 'image',
    message: 'is a setting of package: image.',
    hint: 'Set package: image, or remove it.',
  })),
  ...['upload-bucket', 'layers'].map((field) => ({
    provider: 'aws-lambda',
    field,
    broken: (has: Has, get: Get) => has(field) && get('package') === 'image',
    message: 'is a setting of package: zip.',
    hint: 'An image holds all that the function needs.',
  })),
  {
    provider: 'aws-lambda',
    field: 'runtime-layer',
    broken: (_has, get) => get('runtime-layer') === true && get('package') === 'image',
    message: 'is a setting of package: zip.',
    hint: 'An image holds all that the function needs.',
  },
  {
    provider: 'aws-lambda',
    field: 'layers',
    broken: (has, get) => get('runtime-layer') === true && has('layers.4'),
    message: 'expected at most 4 with runtime-layer: true, which is the fifth.',
    hint: 'Lambda takes five layers. Take one out, or set runtime-layer: false.',
  },
  {
    provider: 'aws-lambda',
    field: 'provisioned-scaling',
    broken: (has, get) =>
      has('provisioned-scaling') && below(get('provisioned-scaling.maximum'), get('provisioned-concurrency')),
    message: 'expected a maximum of at least provisioned-concurrency.',
    hint: 'Raise the maximum.',
  },
  {
    provider: 'aws-lambda',
    field: 'provisioned-scaling',
    broken: (has, get) => has('provisioned-scaling') && !above(get('provisioned-concurrency'), 0),
    message: 'expected provisioned-concurrency: too, which is the fewest instances to keep.',
    hint: 'Set provisioned-concurrency to at least 1.',
  },
  {
    provider: 'aws-lambda',
    field: 'provisioned-scaling.schedules',
    broken: (has, get) => {
      const at = 'provisioned-scaling.schedules';
      for (let one = 0; has(`${at}.${one}`); one += 1) {
        if (below(get(`${at}.${one}.maximum`), get(`${at}.${one}.minimum`))) return true;
      }
      return false;
    },
    message: 'expected a maximum of at least the minimum in each schedule.',
    hint: 'Raise the maximum.',
  },
  {
    provider: 'aws-lambda',
    field: 'queue.max-concurrency',
    broken: (has, get) =>
      has('queue') &&
      has('reserved-concurrency') &&
      below(get('reserved-concurrency'), get('queue.max-concurrency') ?? 10),
    message: 'expected at most reserved-concurrency: what is throttled counts as a delivery, and dies in the end.',
    hint: 'Lower it, or raise reserved-concurrency.',
  },
  {
    provider: 'aws-lambda',
    field: 'alias',
    broken: (_has, get) => /^candidate-/.test(String(get('alias') ?? '')),
    message: 'expected a name that does not begin with candidate-, which is for aliases of candidates.',
    hint: 'Leave it out to use live.',
  },
  {
    provider: 'aws-lambda',
    field: 'efs',
    broken: (has) => has('efs') && !has('vpc'),
    message: 'expected vpc: too, since EFS is reached inside a VPC.',
    hint: 'Add vpc: with subnets and security-groups.',
  },
];

/** Where models.yaml has targets: in environments and in models. */
export const targetPaths = (findings: Findings): Path[] =>
  ['environments', 'models'].flatMap((section) =>
    findings.keys([section]).map((name): Path => [section, name, 'target']),
  );

/** Rules between the settings of a target, of environments and of models. */
export function checkTargets(findings: Findings): void {
  for (const path of targetPaths(findings)) {
    const inside = (field: string): Path => [
      ...path,
      ...field.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)),
    ];
    const provider = findings.text(inside('provider'));
    for (const { field, broken, message, hint } of rules.filter((rule) => rule.provider === provider)) {
      const isBroken = broken(
        (name) => findings.has(inside(name)),
        (name) => findings.value(inside(name)),
      );
      if (isBroken) findings.add(inside(field), message, hint);
    }
  }
}
