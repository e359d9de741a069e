/** Room above what is needed on average, as AWS advises: docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html */
const headroom = 1.1;

/**
 * Instances to keep warm for a rate of requests. Little's law (J. D. C. Little 1961, "A proof for the queuing formula
 * L = λW"): requests in progress = requests a second × seconds each; the same as AWS has it in
 * docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html. An instance serves one request at a time. Never fewer
 * than one, and never more than requests: those would be too many even if all came in one moment.
 * @param perSecond requests that arrive in a second
 * @param serviceMs time that a warm instance is busy with one, ms
 */
export function provisionedFor(perSecond: number, serviceMs: number): number {
  const inProgress = (perSecond * serviceMs) / 1000;
  // A hair less than the product of decimal numbers, so that 20 × 0.5 × 1.1 is 11 and not 12.
  const needed = Math.ceil(inProgress * headroom - 1e-9);
  return Math.min(perSecond, Math.max(1, needed));
}
