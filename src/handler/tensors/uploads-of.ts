import type { Settings } from '../settings.ts';
import { isRecord } from './tensors-in.ts';

const namesUploads = (body: unknown): body is { inputs: Record<string, unknown> } =>
  isRecord(body) &&
  isRecord(body['inputs']) &&
  Object.values(body['inputs']).some((one) => isRecord(one) && 'url' in one);

/**
 * What brings the inputs that the bodies of one request name by URL; together they have its limits. Other bodies are
 * answered as they are, and nothing is read for them.
 */
export function uploadsOf({ source, maxPayloadBytes }: Settings): <T>(body: T) => T | Promise<T> {
  let bring: Promise<(body: { inputs: Record<string, unknown> }) => Promise<unknown>> | undefined;
  return <T>(body: T) => {
    if (!namesUploads(body)) return body;
    bring ??= import('./uploaded.ts').then(({ bringer }) => bringer(source, maxPayloadBytes));
    return bring.then((work) => work(body)) as Promise<T>;
  };
}
