/** A part of the source that writes an object. Texts are added to the array `a`, from the place `n` on. */
export type Piece =
  /** The same for every object. */
  | { readonly kind: 'text'; readonly text: string }
  /** A value that mostly is of one kind and then needs no more than to be put between two texts. */
  | ScalarPiece
  /** Statements. */
  | { readonly kind: 'code'; readonly code: string };

export interface ScalarPiece {
  readonly kind: 'scalar';
  /** An expression: the value. */
  readonly read: string;
  /** Of the value as `name`: whether it is of that kind. */
  readonly isUsual: (name: string) => string;
  readonly before: string;
  /** An expression, of a string or a number. */
  readonly usual: (name: string) => string;
  readonly after: string;
  /** Statements for any value as `name`. */
  readonly otherwise: (name: string) => string;
}

/**
 * Statements that add all pieces. Scalars that follow one another are looked at together: when all of them are as usual, what lies between
 * two of them is one text.
 */
export function toSource(pieces: readonly Piece[]): string {
  const statements: string[] = [];
  let run: Piece[] = [];
  const end = (): void => {
    if (run.length > 0) statements.push(runSource(run));
    run = [];
  };
  for (const piece of pieces) {
    if (piece.kind !== 'code') run.push(piece);
    else {
      end();
      statements.push(piece.code);
    }
  }
  end();
  return statements.join('');
}

function runSource(run: readonly Piece[]): string {
  const scalars = run.filter((piece) => piece.kind === 'scalar');
  const usual: string[] = [];
  const slow: string[] = [];
  let text = '';
  for (const piece of run) {
    if (piece.kind === 'text') {
      text += piece.text;
      slow.push(add(JSON.stringify(piece.text)));
    } else if (piece.kind === 'scalar') {
      const name = `a${scalars.indexOf(piece)}`;
      usual.push(add(JSON.stringify(text + piece.before)), add(piece.usual(name)));
      text = piece.after;
      slow.push(piece.otherwise(name));
    }
  }
  if (text !== '') usual.push(add(JSON.stringify(text)));
  if (scalars.length === 0) return usual.join('');
  const reads = scalars.map(({ read }, index) => `a${index}=${read}`).join(',');
  const are = scalars.map(({ isUsual }, index) => isUsual(`a${index}`)).join('&&');
  return `{const ${reads};if(${are}){${usual.join('')}}else{${slow.join('')}}}`;
}

function add(expression: string): string {
  return `a[n++]=${expression};`;
}
