import type { FieldViolation } from '../api-error.ts';
import type { Container, Probe, ServiceSpec, Template, TrafficTarget } from './record.ts';

/*
 * What the discovery document does not say: lengths and forms of names, rules between fields. Sources: descriptions in
 * run.v2.json, https://cloud.google.com/run/quotas, https://cloud.google.com/run/docs/configuring/services/memory-limits and
 * the words of servers in public reports.
 */
type Found = FieldViolation[];

export const byRevision = 'TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION';
export const byLatest = 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST';

const one = (field: string, description: string): Found => [{ field, description }];
const rule = (holds: boolean, field: string, description: string): Found => (holds ? [] : one(field, description));

/** The id of a new service: fewer than 50 characters. */
export const serviceIdFindings = (id: string): Found =>
  rule(
    /^[a-z]([a-z0-9-]{0,47}[a-z0-9])?$/.test(id),
    'service_id',
    'must begin with a letter, use only lowercase letters, digits and hyphens, not end with a hyphen, and be less than 50 characters',
  );

/** All that is wrong with a service as it would be. */
export const specFindings = (id: string, spec: ServiceSpec): Found => [
  ...rule((spec.description ?? '').length <= 512, 'service.description', 'is longer than 512 characters'),
  ...annotationFindings('service.annotations', spec.annotations),
  ...labelFindings('service.labels', spec.labels),
  ...templateFindings(id, spec.template),
  ...trafficFindings(id, spec.traffic ?? []),
  ...scalingFindings('service.scaling', spec.scaling),
];

function templateFindings(id: string, template: Template | undefined): Found {
  const field = 'service.template';
  if (!template) return one(field, 'is required');
  const { revision, containers = [], timeout, maxInstanceRequestConcurrency: concurrency = 1 } = template;
  const seconds = Number.parseFloat(timeout ?? '300s');
  return [
    ...(revision === undefined || revision === '' ? [] : revisionFindings(id, revision)),
    ...rule(containers.length === 1, `${field}.containers`, 'the stand-in runs exactly one container'),
    ...containers.flatMap((container) => containerFindings(`${field}.containers[0]`, container)),
    ...rule(seconds > 0 && seconds <= 3600, `${field}.timeout`, 'must be more than 0 and at most 3600s'),
    ...rule(
      concurrency >= 0 && concurrency <= 1000,
      `${field}.max_instance_request_concurrency`,
      'must be at most 1000',
    ),
    ...annotationFindings(`${field}.annotations`, template.annotations),
    ...generationFindings(`${field}.containers[0].resources.limits.memory`, template),
    ...labelFindings(`${field}.labels`, template.labels),
    ...scalingFindings(`${field}.scaling`, template.scaling),
  ];
}

/** The second generation needs 512 MiB (https://cloud.google.com/run/docs/about-execution-environments). */
function generationFindings(field: string, { executionEnvironment, containers = [] }: Template): Found {
  const least = executionEnvironment === 'EXECUTION_ENVIRONMENT_GEN2' ? 512 : 0;
  const mib = mebibytes(containers[0]?.resources?.limits?.['memory'] ?? '512Mi');
  return rule(Number.isNaN(mib) || mib >= least, field, 'must be at least 512Mi in the second generation');
}

const revisionFindings = (id: string, revision: string): Found => [
  ...rule(
    /^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(revision),
    'service.template.revision',
    'only lowercase, digits, and hyphens; must begin with letter, and may not end with hyphen; must be less than 64 characters',
  ),
  ...rule(revision.startsWith(`${id}-`), 'service.template.revision', `must be prefixed by the service name '${id}-'`),
];

function containerFindings(field: string, container: Container): Found {
  const { image = '', sourceCode, baseImageUri, command = [], env = [], ports = [], resources } = container;
  const source = sourceCode?.cloudStorageSource;
  return [
    ...rule(image !== '', `${field}.image`, 'is required'),
    ...(sourceCode === undefined
      ? rule(image !== 'scratch', `${field}.source_code`, 'is required where the image is scratch')
      : [
          ...rule(image === 'scratch', `${field}.image`, 'must be scratch where source code is given'),
          ...rule(!!baseImageUri, `${field}.base_image_uri`, 'is required where source code is given'),
          ...rule(command.length > 0, `${field}.command`, 'the base image has no command of its own'),
          ...rule(!!source?.bucket && !!source.object, `${field}.source_code`, 'names no bucket and object'),
        ]),
    ...rule(ports.length <= 1, `${field}.ports`, 'only a single port can be specified'),
    ...rule(env.length <= 1000, `${field}.env`, 'has more than 1000 variables'),
    ...env.flatMap((variable, at) => variableFindings(`${field}.env[${at}]`, variable)),
    ...rule(new Set(env.map(({ name }) => name)).size === env.length, `${field}.env`, 'has a name twice'),
    ...probeFindings(`${field}.startup_probe`, container.startupProbe),
    ...sizeFindings(`${field}.resources.limits`, resources?.limits ?? {}),
  ];
}

const given = new Set(['PORT', 'K_SERVICE', 'K_REVISION', 'K_CONFIGURATION']);

function variableFindings(field: string, { name = '', value = '' }: { name?: string; value?: string }): Found {
  return [
    ...rule(/^[A-Za-z_][\w.-]*$/.test(name), field, `'${name}' is no name of a variable`),
    ...rule(
      !given.has(name),
      `${field}.name`,
      `The following reserved env names were provided: ${name}. These values are automatically set by the system.`,
    ),
    ...rule(Buffer.byteLength(value) <= 32_768, `${field}.value`, 'is longer than 32768 bytes'),
  ];
}

function probeFindings(field: string, probe: Probe | undefined): Found {
  if (!probe) return [];
  const { initialDelaySeconds = 0, timeoutSeconds = 1, periodSeconds = 10, failureThreshold = 3 } = probe;
  const within = (value: number, least: number): boolean => value >= least && value <= 240;
  return [
    ...rule(within(initialDelaySeconds, 0), `${field}.initial_delay_seconds`, 'must be from 0 to 240'),
    ...rule(within(timeoutSeconds, 1), `${field}.timeout_seconds`, 'must be from 1 to 240'),
    ...rule(within(periodSeconds, 1), `${field}.period_seconds`, 'must be from 1 to 240'),
    ...rule(timeoutSeconds <= periodSeconds, `${field}.timeout_seconds`, 'must be at most period_seconds'),
    ...rule(periodSeconds * failureThreshold <= 240, field, 'period times threshold must be at most 240 seconds'),
  ];
}

/** MiB of memory by CPUs: least and most. */
const sizes: Record<string, [number, number]> = {
  '1': [128, 4096],
  '2': [128, 8192],
  '4': [2048, 16_384],
  '6': [4096, 24_576],
  '8': [4096, 32_768],
};
const units: Record<string, number> = { Mi: 1, Gi: 1024, M: 1e6 / 2 ** 20, G: 1e9 / 2 ** 20 };

function mebibytes(memory: string): number {
  const [, amount = '', unit = ''] = /^(\d+)(Mi|Gi|M|G)$/.exec(memory) ?? [];
  return Number(amount) * (units[unit] ?? Number.NaN);
}

function sizeFindings(field: string, { cpu = '1', memory = '512Mi', ...others }: Record<string, string>): Found {
  const strange = Object.keys(others).filter((name) => name !== 'nvidia.com/gpu');
  const cpus = cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu);
  const range = sizes[String(cpus)] ?? (cpus >= 0.08 && cpus < 1 ? [128, 512 * Math.ceil(cpus * 2)] : undefined);
  const mib = mebibytes(memory);
  return [
    ...strange.map((name) => ({ field: `${field}.${name}`, description: 'is no resource of Cloud Run' })),
    ...rule(range !== undefined, `${field}.cpu`, `Invalid value specified for cpu: ${cpu}`),
    ...rule(
      range === undefined || (mib >= (range[0] ?? 0) && mib <= (range[1] ?? 0)),
      `${field}.memory`,
      `Invalid value specified for container memory: with ${cpu} CPU it must be from ${range?.[0]}Mi to ${range?.[1]}Mi, got ${memory}`,
    ),
  ];
}

function trafficFindings(id: string, traffic: readonly TrafficTarget[]): Found {
  const tags = traffic.flatMap(({ tag }) => (tag === undefined ? [] : [tag]));
  const total = traffic.reduce((sum, { percent = 0 }) => sum + percent, 0);
  return [
    ...rule(traffic.length === 0 || total === 100, 'spec.traffic', `percents add up to ${total}, not to 100`),
    ...rule(new Set(tags).size === tags.length, 'spec.traffic.tag', 'has a tag twice'),
    ...tags.flatMap((tag) => tagFindings(id, tag)),
    ...traffic.flatMap((target) => targetFindings(id, target)),
  ];
}

function targetFindings(id: string, { type, revision = '', percent = 0, tag }: TrafficTarget): Found {
  const field = 'spec.traffic';
  return [
    ...rule(type === byRevision || type === byLatest, field, 'a target needs a type'),
    ...rule(type !== byLatest || revision === '', field, 'a target of the latest revision names none'),
    ...rule(
      type !== byRevision || revision.startsWith(`${id}-`),
      field,
      `'${revision}' is no revision of this service`,
    ),
    ...rule(percent >= 0 && percent <= 100, field, 'a percent is from 0 to 100'),
    ...rule(percent > 0 || tag !== undefined, field, 'a target needs a percent or a tag'),
  ];
}

const tagFindings = (id: string, tag: string): Found => [
  ...rule(
    /^[a-z]([a-z0-9-]{0,44}[a-z0-9])?$/.test(tag),
    'spec.traffic.tag',
    `traffic tag '${tag}' must use only lowercase letters, digits and hyphens, begin with a letter, and not end with a hyphen`,
  ),
  ...rule(
    tag.length + id.length <= 46,
    'spec.traffic.tag',
    `traffic tag '${tag}' and service name '${id}' together are too long. Combined traffic tag and service name cannot exceed 46 characters.`,
  ),
];

/** Namespaces that belong to the platform (descriptions of `annotations` in run.v2.json). */
const reserved =
  /^(?:[\w.-]+\.)?(?:run\.googleapis\.com|cloud\.googleapis\.com|serving\.knative\.dev|autoscaling\.knative\.dev)\//;

const annotationFindings = (field: string, annotations: Record<string, string> = {}): Found =>
  Object.keys(annotations).flatMap((key) =>
    rule(!reserved.test(key), field, `'${key}' is in a namespace of the system`),
  );

const labelFindings = (field: string, labels: Record<string, string> = {}): Found =>
  Object.entries(labels).flatMap(([key, value]) => [
    ...rule(/^[a-z][a-z0-9_-]{0,62}$/.test(key), field, `'${key}' is no key of a label`),
    ...rule(/^[a-z0-9_-]{0,63}$/.test(value), field, `'${value}' is no value of a label`),
  ]);

function scalingFindings(field: string, scaling: { minInstanceCount?: number; maxInstanceCount?: number } = {}): Found {
  const { minInstanceCount: min = 0, maxInstanceCount: max = 100 } = scaling;
  return [
    ...rule(min >= 0 && min <= 1000, `${field}.min_instance_count`, 'must be from 0 to 1000'),
    ...rule(max >= 0 && max <= 1000, `${field}.max_instance_count`, 'must be from 0 to 1000'),
    ...rule(max === 0 || min <= max, `${field}.min_instance_count`, 'must be at most the maximum'),
  ];
}
