import type { DeployRequest } from '../target.ts';
import type { Expectation } from './prove.ts';

/**
 * What a revision that was deployed for the request must answer.
 * @param revision what the function says it is; nothing where any revision may answer
 */
export function expectationFor(request: DeployRequest, revision: string | undefined): Expectation {
  const { version, sha256, sample, manifest, manifestSha256, settings } = request;
  const kilobytes = Number(settings.handlerVariables['COLDGATE_MAX_PAYLOAD_KB']);
  const maxPayloadBytes = kilobytes > 0 ? kilobytes * 1024 : undefined;
  return { revision, version, sha256, sample, manifest, manifestSha256, maxPayloadBytes };
}
