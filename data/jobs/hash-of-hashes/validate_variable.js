function (variable, context) {
  // Accepts {strings}: 1 to 100 strings of at most 1000 code units each, which the server can hash again well
  // within its time limit. Loops by index, since array methods pass over holes.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {strings}');
  const { strings } = variable;
  if (!Array.isArray(strings) || strings.length < 1 || strings.length > 100) {
    return reject('strings must be an array of 1 to 100 strings');
  }
  for (let index = 0; index < strings.length; index++) {
    if (typeof strings[index] !== 'string' || strings[index].length > 1000) {
      return reject(`strings[${index}] must be a string of at most 1000 code units`);
    }
  }
  return true;
}
