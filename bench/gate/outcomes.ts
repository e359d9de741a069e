import { lossTail } from '../../src/gate/quality/law.ts';

/** For each number gained, the least lost items that block and the most that pass. */
export interface Borders {
  blocks: number[];
  passes: number[];
}

/** Every outcome of n items is judged: both conditions are monotone in what is lost. */
export function borders(n: number, tolerance: number, limit: number, maxGained = n): Borders {
  const blocks: number[] = [];
  const passes: number[] = [];
  let [from, most] = [0, 0];
  for (let gained = 0; gained <= maxGained; gained += 1) {
    const rest = n - gained;
    const isBlocked = (lost: number) => {
      const isDifferent = lost + gained > 0.7 * n;
      return (
        1 - lossTail(lost, gained + (isDifferent ? 1 : 0.5), rest - lost, tolerance) <= (isDifferent ? 0.025 : 0.0235)
      );
    };
    while (from <= rest && !isBlocked(from)) from += 1;
    blocks.push(from);
    while (most <= rest && lossTail(most + 1, gained, rest - most, limit) <= 0.01) most += 1;
    passes.push(most - 1);
  }
  return { blocks, passes };
}

/** Probabilities of 0 to `most` of n, by recursion in logarithms. */
function binomial(n: number, share: number, most = n): Float64Array {
  const law = new Float64Array(most + 1);
  if (share <= 0 || share >= 1) {
    const all = share <= 0 ? 0 : n;
    if (all <= most) law[all] = 1;
    return law;
  }
  const odds = Math.log(share) - Math.log1p(-share);
  let log = n * Math.log1p(-share);
  for (let k = 0; k <= most; k += 1) {
    if (k > 0) log += Math.log((n - k + 1) / k) + odds;
    law[k] = Math.exp(log);
  }
  return law;
}

/** Chances of a block and of a pass, items being lost and gained with these chances; the borders reach far enough. */
export function chances(
  n: number,
  lose: number,
  gain: number,
  { blocks, passes }: Borders,
): { block: number; pass: number } {
  const gains = binomial(n, gain, Math.min(n, blocks.length - 1));
  let [block, pass] = [0, 0];
  for (const [gained, weight] of gains.entries()) {
    if (weight < 1e-14) continue;
    const law = binomial(n - gained, lose / (1 - gain));
    let [below, upTo] = [0, 0];
    for (let lost = 0; lost < law.length; lost += 1) {
      if (lost < blocks[gained]!) below += law[lost]!;
      if (lost <= passes[gained]!) upTo += law[lost]!;
    }
    block += weight * Math.max(0, 1 - below);
    pass += weight * upTo;
  }
  return { block, pass };
}

/** Largest chances over disagreement rates up to 30 %, at exactly this loss. */
export function largest(n: number, loss: number, found: Borders, steps = 24): { block: number; pass: number } {
  const rates = Array.from({ length: steps + 1 }, (_, at) => (0.3 * at) / steps).filter((rate) => rate >= loss);
  const all = [loss, ...rates].map((rate) => chances(n, (rate + loss) / 2, (rate - loss) / 2, found));
  return { block: Math.max(...all.map((one) => one.block)), pass: Math.max(...all.map((one) => one.pass)) };
}
