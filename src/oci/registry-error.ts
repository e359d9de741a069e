import { ColdgateError, exitCodes } from '../errors.ts';
import type { ImageName } from './image-name.ts';

/** What to type next, by what a registry refuses: its caller knows whose it is. */
export interface RegistryHints {
  /** The login, or a permission. */
  denied: string;
  /** The repository. */
  missing: string;
}

/** Words of the registry: `errors[0]` of its answer, or nothing. Never longer than a line. */
async function wordsOf(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => '');
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    const [first] = errors ?? [];
    return first ? `: ${`${first.code ?? ''} ${first.message ?? ''}`.trim().slice(0, 300)}` : '';
  } catch {
    return '';
  }
}

/** ColdgateError `registry-denied`, `registry-failed` (exit 8) or `no-repository` (exit 2). */
export async function refusalOf(
  answer: Response,
  what: string,
  { registry, repository }: ImageName,
  hints: RegistryHints,
): Promise<ColdgateError> {
  const { status } = answer;
  const message = `${registry} answers ${status} to ${what} of ${repository}${await wordsOf(answer)}.`;
  const data = { registry, repository, status };
  if (status === 401 || status === 403)
    return new ColdgateError('registry-denied', exitCodes.denied, message, { hint: hints.denied, data });
  if (status === 404)
    return new ColdgateError('no-repository', exitCodes.usage, message, { hint: hints.missing, data });
  return new ColdgateError('registry-failed', exitCodes.denied, message, {
    hint: 'Run this again: what has been pushed is not pushed twice.',
    data,
  });
}
