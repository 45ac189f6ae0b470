import { formatUsd } from '../../subgraphs/shared/money.js';
import type { ReplayResult } from './runReplay.js';

const MAX_CLASSES = 30;

/** The result as tables for people. */
export function formatReplay({
  mesh,
  baselines,
  models,
  taskClasses,
  unanswered,
  judgedDifferently,
  ledger,
  counted,
}: ReplayResult): string {
  const prompts = taskClasses.reduce((sum, each) => sum + each.prompts, 0);
  const strong = baselines[0]!.name.replace('always ', '');
  const scores = [mesh, ...baselines].map(({ name, accuracy, cost, strongShare }) => [
    name,
    accuracy.toFixed(3),
    formatUsd(cost),
    percent(strongShare),
  ]);
  const perModel = models.map(({ model, answers, right, inputTokens, outputTokens, cost }) => [
    model,
    String(answers),
    percent(answers / prompts),
    answers === 0 ? '–' : (right / answers).toFixed(3),
    String(inputTokens),
    String(outputTokens),
    formatUsd(cost),
  ]);
  const perClass = taskClasses
    .slice(0, MAX_CLASSES)
    .map(({ taskClass, prompts: asked, right, strong: by }) => [
      taskClass,
      String(asked),
      (right / asked).toFixed(3),
      percent(by / asked),
    ]);
  const left = taskClasses.length - perClass.length;
  return [
    'Recorded answers, played back: no model computed anything. Token counts are four characters a token, not what providers billed.',
    '',
    ...table(['', 'accuracy', 'cost USD', `share of ${strong}`], scores),
    '',
    ...table(['model', 'answers', 'share', 'accuracy', 'tokens in', 'tokens out', 'cost USD'], perModel),
    ...(taskClasses.length > 1 ? ['', ...table(['task class', 'prompts', 'accuracy', `share of ${strong}`], perClass)] : []),
    ...(left > 0 ? [`… and ${left} task classes more.`] : []),
    '',
    ...[...unanswered].map(([code, count]) => `${count} prompts were not answered: ${code}. They count as wrong.`),
    ...(judgedDifferently > 0
      ? [`${judgedDifferently} answers are graded by the gold answer otherwise than they were when they were recorded.`]
      : []),
    `The ledger's sum is ${formatUsd(ledger)} USD; tokens × price is ${formatUsd(counted)} USD: ${ledger === counted ? 'equal' : 'NOT EQUAL'}.`,
  ].join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** The first column to the left, figures to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)];
}
