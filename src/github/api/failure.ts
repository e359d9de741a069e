/** What octokit throws for answers of 400 and more, and for requests that got none (status 500 and no response). */
export interface ApiError extends Error {
  status: number;
  response?: { headers: Record<string, string | number | undefined> };
}

export const isApiError = (error: unknown): error is ApiError =>
  error instanceof Error && typeof (error as { status?: unknown }).status === 'number';

/** It may have been carried out all the same: no answer came, or the server failed on the way. */
export const isUnclear = (error: unknown): boolean => isApiError(error) && error.status >= 500;

export const isAbsent = (error: unknown): boolean =>
  isApiError(error) && (error.status === 404 || error.status === 410);

/** Longest part of GitHub's own words that a message repeats. */
const longest = 200;

/** One line of what went wrong, without the token even if a proxy's answer should repeat it. */
export function wordsOf(error: Error, token: string): string {
  const [first = ''] = error.message.split(/[\r\n]/, 1);
  const plain = (token === '' ? first : first.replaceAll(token, '***')).replace(
    / - https:\/\/docs\.github\.com\S*$/,
    '',
  );
  const status = isApiError(error) && error.response !== undefined ? `${error.status}: ` : '';
  return `${status}${plain.slice(0, longest)}`;
}

/**
 * Whether the token lacks the right. GitHub answers 403 with these words, and 404 where not even the existence of what
 * was asked for may be known: private repositories, and everything in them that the token has no permission for.
 */
export const lacksPermission = (error: unknown): boolean =>
  isApiError(error) &&
  (error.status === 404 ||
    (error.status === 403 && /not accessible by|must have (?:admin|push|write)|permission/i.test(error.message)));
