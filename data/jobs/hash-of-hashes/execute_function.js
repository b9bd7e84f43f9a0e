function (variable, context) {
  // Hashes every string of the list, then the list of those hashes, all with the same step: h = h * 31 + c,
  // wrapping around at 32 bits. For a string c is each UTF-16 code unit, as in Java's String.hashCode.
  // Math.imul keeps the product exact where a double would lose its low bits.
  const step = (hash, value) => (Math.imul(hash, 31) + value) | 0;

  const hashes = variable.strings.map((string) => {
    let hash = 0;
    for (let index = 0; index < string.length; index++) hash = step(hash, string.charCodeAt(index));
    return hash;
  });

  context.result = { hashes, hash: hashes.reduce(step, 0) };
  return context;
}
