import { Chess } from "chess.js";

export const variable = { plies: 16 };
export const compute = ({ plies }) => {
  const game = new Chess();
  for (let ply = 0; ply < plies && !game.isGameOver(); ply += 1) {
    const moves = game.moves();
    game.move(moves[Math.floor(Math.random() * moves.length)]);
  }
  return { result: { moves: game.history(), fen: game.fen() } };
};
export const validate = (_, result) => {
  if (result === undefined) return true;
  const game = new Chess();
  for (const move of result.moves) game.move(move);
  return game.fen() === result.fen;
};
