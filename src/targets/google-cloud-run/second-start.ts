import { type Answer, field } from '../../rollout/proof/http.ts';
import type { Endpoint } from '../../rollout/proof/prove.ts';

/** With the sample's key it ends the instance that has answered it: src/handler/platforms/google/end-after.ts. */
const endHeader = 'x-coldgate-end';

const instanceOf = ({ body }: Answer): unknown => field(body, 'instance_id');

/**
 * Where Cloud Run has started an instance at deployment: has it end with its first answer, and returns the answer of the
 * one that the next request starts. A function that did not end has been started once only: then `ended` is false and that
 * answer counts, whose own timings are of the start at deployment.
 */
export async function secondStart(
  endpoint: Endpoint,
  endKey: string,
  path: string,
  options: Parameters<Endpoint['send']>[1],
): Promise<{ answer: Answer; ended: boolean }> {
  const first = await endpoint.send(path, { ...options, headers: { [endHeader]: endKey } });
  if (first.status !== 200) return { answer: first, ended: true };
  const second = await endpoint.send(path, options);
  const ended = instanceOf(second) !== instanceOf(first);
  return { answer: ended ? second : first, ended };
}
