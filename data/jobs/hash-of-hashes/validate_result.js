function (variable, result, context) {
  // Hashes everything again: the numbers must be equal.
  //
  // `variable` has passed validate_variable. The reasons never contain the right value, since anyone who
  // guesses can read them. The stored result is rebuilt from the checked fields, so that no other field is
  // stored.
  const reject = (reason) => ({ valid: false, reason });

  if (result === null || typeof result !== 'object') return reject('the result must be {hashes, hash}');
  const { strings } = variable;
  const { hashes } = result;
  if (!Array.isArray(hashes) || hashes.length !== strings.length) {
    return reject(`hashes must be an array of ${strings.length} integers, one for each string`);
  }

  let hashOfHashes = 0;
  for (let index = 0; index < strings.length; index++) {
    let hash = 0;
    for (let position = 0; position < strings[index].length; position++) {
      hash = (Math.imul(hash, 31) + strings[index].charCodeAt(position)) | 0;
    }
    if (hashes[index] !== hash) return reject(`hashes[${index}] is not the hash of strings[${index}]`);
    hashOfHashes = (Math.imul(hashOfHashes, 31) + hash) | 0;
  }
  if (result.hash !== hashOfHashes) return reject('hash is not the hash of the hashes');
  return { valid: true, result: { hashes, hash: hashOfHashes } };
}
