import BN from "bn.js";

/** 3 to the power of `base` modulo a Mersenne prime. */
const power = (base) => {
  const prime = new BN(2).pow(new BN(521)).subn(1);
  return new BN(3).toRed(BN.red(prime)).redPow(new BN(base)).fromRed().toString(16);
};

export const variable = { base: "123456789012345678901234567890" };
export const compute = ({ base }) => ({ result: power(base) });
export const validate = ({ base }, result) => result === undefined || power(base) === result;
