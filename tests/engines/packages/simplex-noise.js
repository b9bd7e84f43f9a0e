import { createNoise2D } from "simplex-noise";

// The unit's random numbers are the same on the server.
const points = (count) => {
  const noise = createNoise2D(Math.random);
  return Array.from({ length: count }, (_, index) => noise(index / 7, index / 11));
};

export const variable = { count: 50 };
export const compute = ({ count }) => ({ result: points(count) });
export const validate = ({ count }, result) => result === undefined || points(count).join() === result.join();
