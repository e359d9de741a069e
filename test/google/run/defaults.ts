import type { Container, ServiceSpec, Template } from './record.ts';

/** A template with what the server fills in. */
export function filledTemplate(template: Template, account: string): Template {
  const containers = (template.containers ?? []).map(filledContainer);
  return {
    timeout: '300s',
    maxInstanceRequestConcurrency: 80,
    serviceAccount: account,
    ...structuredClone(template),
    scaling: { maxInstanceCount: 100, ...template.scaling },
    containers,
  };
}

function filledContainer(container: Container): Container {
  const { resources, ports, startupProbe } = structuredClone(container);
  const [{ containerPort = 8080, name = 'http1' } = {}] = ports ?? [];
  const usual = { timeoutSeconds: 240, periodSeconds: 240, failureThreshold: 1, tcpSocket: { port: containerPort } };
  return {
    ...structuredClone(container),
    ports: [{ name, containerPort }],
    // True by default, but left out means false once resources are given.
    resources: resources
      ? { ...resources, limits: { cpu: '1000m', memory: '512Mi', ...resources.limits } }
      : { limits: { cpu: '1000m', memory: '512Mi' }, cpuIdle: true, startupCpuBoost: true },
    startupProbe: startupProbe ?? usual,
  };
}

/** A service's part of the request with what the server fills in. */
export function filledSpec(spec: ServiceSpec, account: string): ServiceSpec {
  const latest = { type: 'TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST', percent: 100 };
  const { traffic = [] } = spec;
  return {
    ...{ ingress: 'INGRESS_TRAFFIC_ALL', launchStage: 'GA' },
    ...structuredClone(spec),
    traffic: traffic.length > 0 ? structuredClone(traffic) : [latest],
    template: filledTemplate(spec.template ?? {}, account),
  };
}
