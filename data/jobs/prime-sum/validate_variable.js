function (variable, context) {
  // Accepts the merged results of prime-segments, such as {"0000000-0050000": 5133, "0050000-0100000": 4459}: under the
  // name of each segment, which is where it begins and where it ends, the number of its primes. The first begins at 0,
  // and each of the others where the one before it ends, so that no prime is left out and none is counted twice. There
  // are at most 1000, in whatever order.
  const reject = (reason) => ({ valid: false, reason });

  if (variable === null || typeof variable !== 'object') return reject('the variable must be {segment: count, …}');
  const segments = Object.keys(variable).sort();
  if (segments.length < 1 || segments.length > 1000) return reject('the variable must have 1 to 1000 segments');

  let end = 0;
  for (const segment of segments) {
    if (!/^[0-9]{7}-[0-9]{7}$/.test(segment)) return reject(`${segment} must be a name such as 0000000-0050000`);
    const [from, to] = segment.split('-').map(Number);
    if (from > end) return reject(`${segment} leaves a gap: the segment before it ends at ${end}`);
    if (from < end) return reject(`${segment} overlaps: the segment before it ends at ${end}`);
    if (to <= from) return reject(`${segment} must end after it begins`);
    const count = variable[segment];
    if (!Number.isInteger(count) || count < 0 || count > to - from) {
      return reject(`${segment} must be an integer from 0 to ${to - from}`);
    }
    end = to;
  }
  return true;
}
