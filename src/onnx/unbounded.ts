/**
 * Operators that repeat work as often as their inputs determine: Loop of ai.onnx, and the searches of com.microsoft,
 * which run to a length that is an input. All others do work in the order of the sizes of what they read and write.
 */
const repeating: ReadonlySet<string> = new Set(['Loop', 'BeamSearch', 'GreedySearch', 'Sampling', 'WhisperBeamSearch']);

/** Whether a run of a graph with these operators may have no end. */
export const isUnbounded = (operators: readonly string[]): boolean => operators.some((one) => repeating.has(one));
