/** Prints 'N passed, N failed[, N skipped]' from vitest's JSON report. Usage: test-totals.mjs REPORT EXIT_STATUS */
import { readFileSync } from 'node:fs';

const [report, status] = process.argv.slice(2);

function totals() {
  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 }; // setup, types or lint failed, and no test ran
  }
  // A file that cannot be loaded has failed, but has no failing test.
  const brokenFiles = results.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  ).length;
  return {
    passed: results.numPassedTests,
    failed: results.numFailedTests + brokenFiles,
    skipped: results.numPendingTests + results.numTodoTests,
  };
}

const { passed, failed, skipped } = totals();
const blamed = failed === 0 && status !== '0' ? 1 : failed;
console.log(`${passed} passed, ${blamed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
