/** What an element may differ by is this and as much of its value, as numpy.allclose counts. */
const allowed = 1e-5;

/** Floats are written short: as these types they are the very same again. */
const types = { float32: Math.fround, float16: Math.f16round };

/**
 * Holds what a function answered against what Python's onnxruntime gave: the largest difference, relative to the largest
 * value of an output (at least 1), and whether each element is close enough.
 */
export function compare(expected, outputs) {
  let [worst, close] = [0, true];
  for (const [name, { shape, data }] of Object.entries(expected)) {
    const got = outputs[name];
    if (!got) throw new Error(`there is no output ${name}`);
    if (String(got.shape) !== String(shape)) throw new Error(`${name} is [${got.shape}] and not [${shape}]`);
    const held = types[got.dtype] ?? ((value) => value);
    let [largest, difference] = [1, 0];
    for (let i = 0; i < data.length; i++) {
      if (String(data[i]).toLowerCase() === String(got.data[i]).toLowerCase()) continue;
      const distance = Math.abs(Number(data[i]) - held(Number(got.data[i])));
      if (!(distance >= 0)) throw new Error(`${name}[${i}] is ${got.data[i]} and not ${data[i]}`);
      difference = Math.max(difference, distance);
      close &&= distance <= allowed + allowed * Math.abs(Number(data[i]));
    }
    for (const one of data) if (typeof one === 'number') largest = Math.max(largest, Math.abs(one));
    worst = Math.max(worst, difference / largest);
  }
  return { difference: worst, close };
}
