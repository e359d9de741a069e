import type { Answer } from './answer.ts';
import type { Bearer, Renewed } from './credentials/renewed.ts';

/** Asks with a token, and once more with a fresh one where it is refused. Without credentials it asks without. */
export async function askAsBearer(
  credentials: Renewed<Bearer> | undefined,
  ask: (headers: Record<string, string>) => Promise<Answer>,
): Promise<Answer> {
  if (!credentials) return ask({});
  const bearer = await credentials.get();
  const answer = await ask({ authorization: `Bearer ${bearer.token}` });
  if (answer.status !== 401) return answer;
  credentials.reject(bearer);
  const renewed = await credentials.get();
  if (renewed.token === bearer.token) return answer;
  answer.drop();
  return ask({ authorization: `Bearer ${renewed.token}` });
}
