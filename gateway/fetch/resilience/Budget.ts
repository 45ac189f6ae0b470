/** What is kept from quiet times: enough to begin with, too little to matter. */
const MOST = 10;

/** Bounds what is done beyond what was asked for to a part of it, so that trying again never multiplies the load of a subgraph in trouble. */
export class Budget {
  private left = MOST;
  private readonly share: number;

  constructor(percent: number) {
    this.share = percent / 100;
  }

  /** One request was asked for. */
  earn(): void {
    this.left = Math.min(MOST, this.left + this.share);
  }

  /** False when there is none left. */
  spend(): boolean {
    if (this.left < 1) return false;
    this.left--;
    return true;
  }
}
