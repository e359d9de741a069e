import { type Answer, field } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';

/** With the sample's key it ends the instance that has answered it: src/handler/platforms/google/end-after.ts. */
const endHeader = 'x-coldgate-end';

/** A start's address, and its clock: `began` is set when the request that starts an instance is sent. */
export interface TimedEndpoint {
  endpoint: Endpoint;
  clock: { began: number };
}

const instanceOf = ({ body }: Answer): unknown => field(body, 'instance_id');

/**
 * Where Cloud Run has started an instance at deployment: has it end with its first answer, and returns the answer of the
 * one that the next request starts. A function that did not end has been started once only: then that answer counts,
 * whose own timings are of the start at deployment, and `ended` is false.
 */
export async function secondStart(
  { endpoint, clock }: TimedEndpoint,
  endKey: string,
  path: string,
  options: Parameters<Endpoint['send']>[1],
): Promise<{ answer: Answer; ended: boolean }> {
  const first = await endpoint.send(path, { ...options, headers: { [endHeader]: endKey } });
  const firstMs = performance.now() - clock.began;
  if (first.status !== 200) return { answer: first, ended: false };
  const second = await endpoint.send(path, options);
  if (instanceOf(second) !== instanceOf(first)) return { answer: second, ended: true };
  clock.began = performance.now() - firstMs;
  return { answer: first, ended: false };
}
