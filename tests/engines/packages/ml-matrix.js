import { determinant, inverse, Matrix } from "ml-matrix";

// Elimination adds, multiplies and divides, which is alike everywhere.
const matrixOf = (size) => {
  const row = (_, one) => Array.from({ length: size }, (__, other) => 1 / (one + other + 1) + (one === other ? 1 : 0));
  return new Matrix(Array.from({ length: size }, row));
};

export const variable = { size: 8 };
export const compute = ({ size }) => {
  const matrix = matrixOf(size);
  return { result: { determinant: determinant(matrix), inverse: inverse(matrix).to2DArray() } };
};
export const validate = ({ size }, result) => {
  if (result === undefined) return true;
  const difference = matrixOf(size).mmul(new Matrix(result.inverse)).sub(Matrix.eye(size));
  return difference.abs().max() < 1e-9;
};
