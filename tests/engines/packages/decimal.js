import Decimal from "decimal.js";

const digits = (n) => {
  Decimal.set({ precision: 60 });
  return [new Decimal(n).sqrt().toString(), new Decimal(n).ln().toString(), Decimal.exp(1).pow(n).toFixed(5)];
};

export const variable = { n: 7 };
export const compute = ({ n }) => ({ result: digits(n) });
export const validate = ({ n }, result) => result === undefined || digits(n).join() === result.join();
